import { commandError } from './real';

/** Numbers and times as expressions add them. */
export const arithmetic = {
  add(values: unknown[]): unknown {
    if (values.some(value => value === null || value === undefined)) return null;
    const dates = values.filter(value => value instanceof Date);
    if (dates.length > 1) throw commandError({ code: 16612, errmsg: 'only one date allowed in an $add expression' });
    let sum = 0;
    for (const value of values) sum += value instanceof Date ? value.getTime() : numberOf(value, '$add', 16554);
    return dates.length === 1 ? new Date(Math.round(sum)) : sum;
  },

  subtract([from, what]: unknown[]): unknown {
    if (from === null || from === undefined || what === null || what === undefined) return null;
    if (from instanceof Date && what instanceof Date) return from.getTime() - what.getTime();
    if (from instanceof Date) return new Date(Math.round(from.getTime() - numberOf(what, '$subtract', 16556)));
    return numberOf(from, '$subtract', 16556) - numberOf(what, '$subtract', 16556);
  },
};

function numberOf(value: unknown, operator: string, code: number): number {
  if (typeof value === 'number') return value;
  throw commandError({ code, errmsg: `${operator} only supports numeric or date types` });
}
