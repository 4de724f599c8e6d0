import { bitFrom } from './bits';

/** What a field of an expression may hold. */
export interface CronField {
  /** As a person would call it. */
  name: string;
  min: number;
  max: number;
  /** Names of the values from `min` on, in capitals. */
  names: readonly string[];
  /** How the permitted values are told. */
  allowed: string;
}

const months = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];
const weekdays = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];

export const cronFields = {
  second: { name: 'second', min: 0, max: 59, names: [], allowed: '0 to 59' },
  minute: { name: 'minute', min: 0, max: 59, names: [], allowed: '0 to 59' },
  hour: { name: 'hour', min: 0, max: 23, names: [], allowed: '0 to 23' },
  day: { name: 'day of month', min: 1, max: 31, names: [], allowed: '1 to 31, "?", "L", "L-3", "LW" or "15W"' },
  month: { name: 'month', min: 1, max: 12, names: months, allowed: '1 to 12 or JAN to DEC' },
  // Sunday is 0 and 7.
  weekday: {
    name: 'weekday',
    min: 0,
    max: 7,
    names: weekdays,
    allowed: '0 to 7 (Sunday is both), SUN to SAT, "?", "5L" or "MON#2"',
  },
} as const satisfies Record<string, CronField>;

/** The values of one field, and every fault found in it. */
export class FieldReading {
  /** Values below 30, as bits. */
  low = 0;
  /** Values from 30 on, as bits. */
  high = 0;
  readonly faults: string[] = [];

  constructor(
    readonly field: CronField,
    readonly text: string,
  ) {}

  add(from: number, to: number, step: number): void {
    for (let value = from; value <= to; value += step) {
      if (value < 30) this.low |= 1 << value;
      else this.high |= 1 << (value - 30);
    }
  }

  /** Says what is wrong with a part of this field; `what` goes on after it. */
  fault(part: string, what: string): null {
    this.faults.push(`${this.field.name} "${part}" ${what}`);
    return null;
  }

  /** A number or a name; null, and a fault, for anything else. */
  value(text: string): number | null {
    const { min, max, names, allowed } = this.field;
    if (/^\d+$/.test(text)) {
      const value = Number(text);
      return value >= min && value <= max ? value : this.fault(text, `is out of range: give ${allowed}`);
    }
    const named = names.indexOf(text.toUpperCase());
    if (named >= 0) return min + named;
    return text === ''
      ? this.fault(this.text, `has a gap in it: give ${allowed} on both sides of ",", "-" and "/"`)
      : this.fault(text, `is not known: give ${allowed}`);
  }
}

/** Reads a part of a list, of those that it knows; false leaves it to numbers, ranges and steps. */
type SpecialReader = (part: string, reading: FieldReading) => boolean;

/** A field: a list of `*`, values and ranges, each with or without a step, and of what only this field knows. */
export function readField(field: CronField, text: string, special: SpecialReader = () => false): FieldReading {
  const reading = new FieldReading(field, text);
  for (const part of text.split(',')) {
    if (!special(part, reading)) readPart(part, reading);
  }
  return reading;
}

function readPart(part: string, reading: FieldReading): void {
  const slash = part.indexOf('/');
  const base = slash < 0 ? part : part.slice(0, slash);
  const step = slash < 0 ? 1 : readStep(part, slash, reading);
  const range = readRange(base, slash >= 0, reading);
  if (step !== null && range !== null) reading.add(range.from, range.to, step);
}

function readStep(part: string, slash: number, reading: FieldReading): number | null {
  const { name, min, max } = reading.field;
  const size = name === 'weekday' ? 7 : max - min + 1;
  const text = part.slice(slash + 1);
  const step = /^\d+$/.test(text) ? Number(text) : 0;
  if (step >= 1 && step <= size) return step;
  return reading.fault(part, `has the step "${text}": give 1 to ${size}`);
}

/** Without a range a step goes from the value to the end: `5/15` is 5, 20, 35 and 50. */
function readRange(base: string, hasStep: boolean, reading: FieldReading): { from: number; to: number } | null {
  const { min, max } = reading.field;
  if (base === '*') return { from: min, to: max };
  const dash = base.indexOf('-');
  if (dash < 0) {
    const value = reading.value(base);
    return value === null ? null : { from: value, to: hasStep ? max : value };
  }
  const from = reading.value(base.slice(0, dash));
  const end = reading.value(base.slice(dash + 1));
  if (from === null || end === null) return null;
  const to = end === 0 && from > 0 && base.toUpperCase().endsWith('-SUN') ? max : end;
  if (from <= to) return { from, to };
  reading.fault(base, 'is a reversed range: give the lower end first, or a list');
  return null;
}

/** The weekdays of a set in which Sunday is 0 and 7. */
export function foldSunday(set: number): number {
  return (set | (bitFrom(set, 7) === 7 ? 1 : 0)) & 127;
}
