import { describe, expect, it } from 'vitest';
import { expressions } from '../proof/expressions';
import { differences, windowAround } from '../proof/oracle';
import { compareWithPeer } from '../proof/peer';
import { countLikeWalk, holdPromises } from '../proof/properties';
import { changesOf, distinctZones } from '../proof/wallClock';

/** The proof of the engine over a longer time and more chance, each run with its own seed: `npm run test:sweep`. */

/** Until 1972 Monrovia's offset had seconds, and the walk goes by minutes. */
const from = Date.UTC(1973, 0, 1);
const until = Date.UTC(2060, 0, 1);
const names = Intl.supportedValuesOf('timeZone');
const limitMs = 3_600_000;

describe('sweep', () => {
  it(
    'agrees with a walk over every minute around each offset change of 1973 to 2059',
    () => {
      const zones = distinctZones(names.map(zone => ({ zone, changes: changesOf(zone, from, until) })));
      const found: string[] = [];
      for (const { zone, changes } of zones) {
        for (const { at } of changes) {
          const window = windowAround(zone, at);
          for (const expression of expressions) found.push(...differences(zone, window, expression));
        }
      }
      expect(found.slice(0, 20)).toEqual([]);
    },
    limitMs,
  );

  it(
    'agrees with cron-parser on a million random expressions',
    () => {
      process.env['TZ'] = 'UTC';
      const question = { zone: 'UTC', peerZone: undefined, isLeftOut: () => false };
      expect(compareWithPeer({ ...question, runs: 1_500_000 })).toBeGreaterThan(1_000_000);
    },
    limitMs,
  );

  it('holds its promises in every zone', () => holdPromises({ zones: names, runs: 500_000 }), limitMs);

  it('counts as a walk does in every zone', () => countLikeWalk({ zones: names, runs: 20_000 }), limitMs);
});
