import cronstrue from 'cronstrue';
import 'cronstrue/locales/zh_CN';
import { type CronField, cronFields } from '../schedule/cronFields';
import { type CronParts, isEither, partsOf, valuesOf } from './cronParts';
import type { Language, Words } from './language';
import { timeWords } from './timeWords';

const locales = { en: 'en', zh: 'zh_CN' } as const;

/**
 * An expression in words. cronstrue says each field; what it says wrongly is put right here: steps that do not divide
 * their field ("every 7 minutes" begins anew each hour), fields of days that mean either, lists with `L` or `W`.
 */
export function cronWords(cron: string): Words {
  const parts = partsOf(cron);
  return { en: sentence(parts, 'en'), zh: sentence(parts, 'zh') };
}

function sentence(parts: CronParts, language: Language): string {
  const day = dateWords(parts, 'day', language);
  const weekday = dateWords(parts, 'weekday', language);
  const days = isEither(parts) ? [either(day, weekday, language)] : [day, weekday];
  const month = dateWords(parts, 'month', language);
  return [timeWords(parts, language, said), ...days, month].filter(text => text !== '').join(', ');
}

/** What cronstrue says of six fields. */
function said(fields: readonly string[], language: Language): string {
  const options = { locale: locales[language], use24HourTimeFormat: true, throwExceptionOnParseError: true };
  return cronstrue
    .toString(fields.join(' '), options)
    .replace(/ {2,}/g, ' ')
    .replaceAll('工作日', '工作日(周一至周五)');
}

/** "on day 13 of the month or on Friday": the list of what fits, without "only". */
function either(day: string, weekday: string, language: Language): string {
  if (language === 'zh') return `${day}或${weekday.replace(/^[仅限]/, '')}`;
  const other = weekday.replace(/^only /, '');
  return `${day} or ${other.startsWith('on ') ? other : `on ${other}`}`;
}

/** One field of the date; the empty text where it does not restrict. */
function dateWords(parts: CronParts, name: 'day' | 'month' | 'weekday', language: Language): string {
  const [first = '', ...others] = spokenItems(cronFields[name], parts[name]).map(item =>
    fieldWords(name, item, language),
  );
  return others.reduce((text, other) => either(text, other, language), first);
}

/** cronstrue takes a special day only alone: plain ones together, each special one by itself. */
function spokenItems(field: CronField, text: string): string[] {
  if (text === '*' || text === '?' || text === '*/1') return [];
  const items = text.split(',');
  const special = items.filter(item => field.name !== 'month' && /L$|^L|W$|#/.test(item));
  const plain = items.filter(item => !special.includes(item)).join(',');
  return [...(plain === '' ? [] : [plainItem(field, plain)]), ...special];
}

/** Steps as lists, and numbers without leading zeros. */
function plainItem(field: CronField, text: string): string {
  if (/[/]/.test(text)) return valuesOf(field, text).join(',');
  return text.replace(/\b0+(\d)/g, '$1').replace(/\b0-7\b/, '0-6');
}

function fieldWords(name: 'day' | 'month' | 'weekday', item: string, language: Language): string {
  const date = { day: '*', month: '*', weekday: '*', [name]: item };
  const text = said(['0', '0', '0', date.day, date.month, date.weekday], language);
  // "At 00:00, on day 13 of the month"
  return text.slice(text.indexOf(', ') + 2);
}
