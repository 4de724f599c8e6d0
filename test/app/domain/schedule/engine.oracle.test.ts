import { describe, expect, it } from 'vitest';
import { zoneOf } from '../../../../app/domain/schedule/zone';
import { expressions } from './proof/expressions';
import { differences, windowAround } from './proof/oracle';
import { type Change, changesOf, distinctZones } from './proof/wallClock';

const from = Date.UTC(2020, 0, 1);
const until = Date.UTC(2038, 0, 1);
const zones = Intl.supportedValuesOf('timeZone').map(zone => ({ zone, changes: changesOf(zone, from, until) }));

/** The changes as the engine's own table has them. */
function knownChanges(name: string): Change[] {
  const zone = zoneOf(name);
  const changes: Change[] = [];
  for (let span = zone.spanAt(from); span.until < until; span = zone.spanAt(span.until)) {
    if (span.after !== span.offset) changes.push({ at: span.until, before: span.offset, after: span.after });
  }
  return changes;
}

describe('the engine beside a walk over every minute with Intl alone', () => {
  it('has 40 expressions to be judged by', () => expect(expressions).toHaveLength(40));

  it('knows every offset change of every zone of 2020 to 2037, and no other', () => {
    const wrong = zones.filter(({ zone, changes }) => JSON.stringify(knownChanges(zone)) !== JSON.stringify(changes));
    expect(wrong.map(({ zone }) => zone)).toEqual([]);
  }, 120_000);

  it('agrees in every zone, around each offset change of 2020 to 2037, for every expression and policy', () => {
    const distinct = distinctZones(zones);
    const found: string[] = [];
    for (const { zone, changes } of distinct) {
      for (const change of changes) {
        const window = windowAround(zone, change.at);
        for (const expression of expressions) found.push(...differences(zone, window, expression));
      }
      if (found.length > 0) break;
    }
    expect(found.slice(0, 5)).toEqual([]);
    expect(distinct.length).toBeGreaterThan(40);
  }, 400_000);

  it.each([
    ['Pacific/Apia', 'which left 30 December 2011 out', '2011-12-30T10:00:00Z'],
    ['Pacific/Kwajalein', 'which left a day of 1993 out', '1993-08-21T12:00:00Z'],
    ['America/Sao_Paulo', 'whose gap was at midnight', '2018-11-04T03:00:00Z'],
    ['Asia/Pyongyang', 'which went back by half an hour', '2015-08-14T15:00:00Z'],
    ['America/Caracas', 'which went forth by half an hour', '2016-05-01T07:00:00Z'],
  ])('agrees in %s, %s', (zone, _why, at) => {
    const window = windowAround(zone, Date.parse(at));
    expect(expressions.flatMap(expression => differences(zone, window, expression))).toEqual([]);
  });
});
