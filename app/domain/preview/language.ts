/** A text in the languages of the console. */
export interface Words {
  en: string;
  zh: string;
}

export type Language = keyof Words;

const units = [
  { ms: 86_400_000, en: 'day', zh: '天' },
  { ms: 3_600_000, en: 'hour', zh: '小时' },
  { ms: 60_000, en: 'minute', zh: '分钟' },
  { ms: 1000, en: 'second', zh: '秒' },
  { ms: 1, en: 'millisecond', zh: '毫秒' },
] as const;

/** `1 minute 30 seconds`, `1 分钟 30 秒`; `unit` without the number where it is just one: `minute`. */
export function spanWords(spanMs: number): Words {
  let left = spanMs;
  const parts = units.flatMap(unit => {
    const count = Math.floor(left / unit.ms);
    left -= count * unit.ms;
    return count === 0 ? [] : [{ unit, count }];
  });
  return {
    en: parts.map(({ unit, count }) => `${count} ${unit.en}${count === 1 ? '' : 's'}`).join(' '),
    zh: parts.map(({ unit, count }) => `${count} ${unit.zh}`).join(' '),
  };
}

/** `a, b and c`, `a、b 和 c` */
export function listWords(items: readonly string[], language: Language): string {
  const [last = '', ...others] = [...items].reverse();
  if (others.length === 0) return last;
  const before = others.reverse();
  return language === 'en' ? `${before.join(', ')} and ${last}` : `${before.join('、')} 和 ${last}`;
}

/** `86,400` */
export function countText(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',');
}
