import { describe, expect, it } from 'vitest';
import type { FoundTrouble } from '../../../../app/domain/selfWatch/types';
import { isOver, lasting, type Sightings, withLook } from '../../../../app/domain/selfWatch/watching';

const limits = { gapMs: 25_000, quietMs: 15_000 };
const trouble: FoundTrouble = {
  kind: 'backlog',
  subject: 'deliveries',
  title: 'messages are not delivered',
  sentence: '3 messages wait.',
  since: new Date('2026-11-21T01:00:00Z'),
  holdMs: 60_000,
};

/** Looks every 5 s: at which of them the trouble is told, in ms. */
function toldAt(present: (ms: number) => boolean, lookTimes: number[]): number[] {
  let sightings: Sightings = new Map();
  return lookTimes.filter(ms => {
    const found = present(ms) ? [trouble] : [];
    sightings = withLook(sightings, found, ms, limits);
    return lasting(found, sightings, ms).length > 0;
  });
}
const every5s = (untilMs: number) => Array.from({ length: untilMs / 5000 + 1 }, (_, index) => index * 5000);

describe('what may pass by itself', () => {
  it('is told once it has lasted for its span', () => {
    expect(toldAt(() => true, every5s(70_000))).toEqual([60_000, 65_000, 70_000]);
  });

  it('is not told when it passes before', () => {
    expect(toldAt(ms => ms < 50_000, every5s(120_000))).toEqual([]);
  });

  it('has lasted although one look did not find it', () => {
    expect(toldAt(ms => ms !== 30_000, every5s(60_000))).toEqual([60_000]);
  });

  it('is watched anew after a time without looks: nobody rings for what stood there before an outage', () => {
    expect(toldAt(() => true, [0, 5000, 300_000, 305_000, 355_000, 360_000])).toEqual([]);
  });
});

describe('the end of a trouble', () => {
  const key = 'backlog:deliveries';

  it('is only told when it was not found for long enough', () => {
    let sightings = withLook(new Map(), [trouble], 0, limits);
    sightings = withLook(sightings, [], 10_000, limits);
    expect(isOver(key, sightings, -100_000, 10_000, limits)).toBe(false);
    sightings = withLook(sightings, [], 15_000, limits);
    expect(isOver(key, sightings, -100_000, 15_000, limits)).toBe(true);
  });

  it('is not told by a process that has only begun to look', () => {
    expect(isOver(key, new Map(), 0, 14_000, limits)).toBe(false);
    expect(isOver(key, new Map(), 0, 15_000, limits)).toBe(true);
  });
});
