import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compareWithPeer } from './proof/peer';
import { changesOf } from './proof/wallClock';

const from = Date.UTC(2019, 0, 1);
const until = Date.UTC(2100, 0, 1);
const seed = 20_261_121;
const nearMs = 2 * 86_400_000;

describe('the engine beside cron-parser', () => {
  const processZone = process.env['TZ'];
  // Without a zone to reckon with cron-parser is quick enough for this many expressions.
  beforeAll(() => {
    process.env['TZ'] = 'UTC';
  });
  afterAll(() => {
    if (processZone === undefined) delete process.env['TZ'];
    else process.env['TZ'] = processZone;
  });

  it('agrees on 100,000 random expressions', () => {
    const compared = compareWithPeer({ runs: 165_000, zone: 'UTC', peerZone: undefined, isLeftOut: () => false, seed });
    expect(compared).toBeGreaterThan(100_000);
  }, 400_000);

  it.each(['America/New_York', 'Australia/Lord_Howe', 'Asia/Kathmandu', 'Africa/Casablanca'])(
    'agrees on random expressions in %s, away from its offset changes',
    zone => {
      const changes = changesOf(zone, from, until).map(({ at }) => at);
      const isLeftOut = (at: number) => at > until || changes.some(change => Math.abs(at - change) < nearMs);
      const compared = compareWithPeer({ runs: 1_500, zone, peerZone: zone, isLeftOut, seed });
      expect(compared).toBeGreaterThan(700);
    },
    120_000,
  );
});
