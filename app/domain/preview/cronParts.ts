import { type CronField, type cronFields, readField } from '../schedule/cronFields';
import { macros } from '../schedule/cronReader';

/** The texts of a valid expression's six fields, in capitals; of a short name such as `@daily` those it stands for. */
export type CronParts = Record<keyof typeof cronFields, string>;

/** Takes a valid expression apart. */
export function partsOf(cron: string): CronParts {
  const text = cron.trim();
  const fields = (macros.get(text.toLowerCase()) ?? text).toUpperCase().split(/\s+/);
  const [weekday = '*', month = '*', day = '*', hour = '*', minute = '*', second = '0'] = fields.reverse();
  return { second, minute, hour, day, month, weekday };
}

/** As the engine reads it: a field that begins with `*` or `?` restricts nothing beside another, even with a step. */
function isRestricted(text: string): boolean {
  return !/^[*?]/.test(text);
}

/** A day that fits either of both fields is meant. */
export function isEither({ day, weekday }: CronParts): boolean {
  return isRestricted(day) && isRestricted(weekday);
}

/** Such an expression follows the elapsed time, whatever the clocks do. */
export function isEveryHour({ hour }: CronParts): boolean {
  return /^\*(\/\d+)?$/.test(hour);
}

/** The values of a field that holds only numbers, names, ranges and steps. */
export function valuesOf(field: CronField, text: string): number[] {
  const { low, high } = readField(field, text);
  const all = Array.from({ length: field.max - field.min + 1 }, (_, index) => field.min + index);
  return all.filter(value => ((value < 30 ? low >> value : high >> (value - 30)) & 1) === 1);
}
