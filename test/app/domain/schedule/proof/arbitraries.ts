import fc from 'fast-check';
import type { CronSchedule } from '../../../../../app/domain/job/types';

interface Range {
  min: number;
  max: number;
  names?: readonly string[];
}

const monthNames = ['jan', 'FEB', 'Mar', 'apr', 'MAY', 'jun', 'JUL', 'aug', 'SEP', 'oct', 'NOV', 'Dec'];
const weekdayNames = ['sun', 'MON', 'Tue', 'wed', 'THU', 'fri', 'SAT'];

function value({ min, max, names = [] }: Range) {
  return fc.integer({ min, max }).chain(number => {
    const name = names[number - min];
    return name === undefined ? fc.constant(String(number)) : fc.constantFrom(String(number), name);
  });
}

function part(range: Range, special: fc.Arbitrary<string>[]) {
  const number = fc.integer(range);
  const step = fc.integer({ min: 1, max: Math.min(range.max, 7) });
  const span = fc.tuple(number, number).map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`);
  return fc.oneof(
    { weight: 5, arbitrary: value(range) },
    { weight: 2, arbitrary: span },
    { weight: 1, arbitrary: fc.tuple(span, step).map(([text, by]) => `${text}/${by}`) },
    { weight: 1, arbitrary: fc.tuple(number, step).map(([from, by]) => `${from}/${by}`) },
    ...special.map(arbitrary => ({ weight: 1, arbitrary })),
  );
}

/** A field; `stars` is how often it is `*` for each time that it is anything else. */
function field(range: Range, stars: number, special: fc.Arbitrary<string>[] = [], alone: string[] = []) {
  return fc.oneof(
    { weight: stars * 4, arbitrary: fc.constantFrom('*', ...alone) },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 7 }).map(step => `*/${step}`) },
    {
      weight: 3,
      arbitrary: fc.array(part(range, special), { minLength: 1, maxLength: 3 }).map(parts => parts.join(',')),
    },
  );
}

const minutes = { min: 0, max: 59 };
const hours = { min: 0, max: 23 };
const days = { min: 1, max: 31 };
const months = { min: 1, max: 12, names: monthNames };
const weekdays = { min: 0, max: 7, names: weekdayNames };
const nth = fc.tuple(value(weekdays), fc.integer({ min: 1, max: 5 })).map(([day, count]) => `${day}#${count}`);
const lastOf = fc.integer({ min: 0, max: 7 }).map(day => `${day}L`);

/** Expressions that cron-parser can read too. */
export const sharedCron = fc
  .tuple(
    fc.oneof({ weight: 4, arbitrary: fc.constant('') }, { weight: 1, arbitrary: field(minutes, 1) }),
    field(minutes, 1),
    field(hours, 1),
    field(days, 3, [fc.constant('L')], ['?']),
    field(months, 4),
    fc.oneof({ weight: 9, arbitrary: field(weekdays, 3, [lastOf], ['?']) }, { weight: 1, arbitrary: nth }),
  )
  .map(fields => fields.join(' ').trim());

const beforeLast = fc.integer({ min: 0, max: 12 }).map(count => `L-${count}`);
const nearest = fc.integer({ min: 1, max: 29 }).map(day => `${day}W`);

/** Expressions with everything that is understood. */
export const anyCron = fc
  .tuple(
    fc.oneof({ weight: 4, arbitrary: fc.constant('') }, { weight: 1, arbitrary: field(minutes, 1) }),
    field(minutes, 1),
    field(hours, 1),
    field(days, 3, [fc.constant('L'), fc.constant('LW'), beforeLast, nearest], ['?']),
    field(months, 4),
    field(weekdays, 3, [lastOf, nth], ['?']),
  )
  .map(fields => fields.join(' ').trim());

export const policy: fc.Arbitrary<Pick<CronSchedule, 'dst' | 'repeated'>> = fc.record({
  dst: fc.constantFrom('skip', 'shift'),
  repeated: fc.constantFrom('first', 'second', 'both'),
});

/** Instants of 2020 to 2037. */
export const instant = fc
  .integer({ min: Date.UTC(2020, 0, 1) / 1000, max: Date.UTC(2037, 0, 1) / 1000 })
  .map(s => s * 1000);
