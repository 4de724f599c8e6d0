import { describe, expect, it } from 'vitest';
import {
  type ClaimSample,
  claimsWork,
  type HeartbeatFacts,
  whyNoHeartbeat,
  withSample,
} from '../../../../app/domain/selfWatch/heartbeat';

/** Samples every 15 s of these counts [announced, claimed]. */
function samplesOf(counts: [number, number][]): ClaimSample[] {
  return counts.reduce<ClaimSample[]>(
    (samples, [announced, claimed], index) => withSample(samples, { atMs: index * 15_000, announced, claimed }),
    [],
  );
}

describe('claims', () => {
  it('work where nothing is due', () => {
    expect(
      claimsWork(
        samplesOf([
          [5, 5],
          [5, 5],
          [5, 5],
          [5, 5],
          [5, 5],
          [5, 5],
        ]),
      ),
    ).toBe(true);
  });

  it('work where something of a minute was claimed', () => {
    expect(
      claimsWork(
        samplesOf([
          [5, 5],
          [6, 5],
          [7, 6],
          [8, 6],
          [9, 6],
          [9, 6],
        ]),
      ),
    ).toBe(true);
  });

  it('do not work where a minute of announcements brought none', () => {
    expect(
      claimsWork(
        samplesOf([
          [5, 5],
          [6, 5],
          [7, 5],
          [8, 5],
          [9, 5],
          [10, 5],
        ]),
      ),
    ).toBe(false);
  });

  it('are not judged by what was announced a moment ago', () => {
    expect(
      claimsWork(
        samplesOf([
          [5, 5],
          [5, 5],
          [5, 5],
          [5, 5],
          [5, 5],
          [6, 5],
        ]),
      ),
    ).toBe(true);
  });

  it('are watched anew after a worker was started anew', () => {
    const samples = samplesOf([
      [5, 5],
      [6, 5],
      [7, 5],
      [8, 5],
      [9, 5],
      [10, 0],
    ]);
    expect(samples).toHaveLength(1);
    expect(claimsWork(samples)).toBe(true);
  });

  it('keep no more samples than the window needs', () => {
    expect(samplesOf(Array.from({ length: 100 }, () => [0, 0])).length).toBe(5);
  });
});

describe('the heartbeat', () => {
  const well: HeartbeatFacts = {
    renewedAgoMs: 3000,
    suspended: false,
    workersAnswer: true,
    claims: [],
    overdueDeliveries: 0,
  };

  it('goes out while everything works', () => {
    expect(whyNoHeartbeat(well)).toBeNull();
  });

  it.each<[string, Partial<HeartbeatFacts>]>([
    ['the lease was never renewed', { renewedAgoMs: null }],
    ['the last renewal is too long ago', { renewedAgoMs: 60_001 }],
    ['the clock is wrong', { suspended: true }],
    ['no worker answers', { workersAnswer: false }],
    [
      'nothing is claimed',
      {
        claims: samplesOf([
          [5, 5],
          [6, 5],
          [7, 5],
          [8, 5],
          [9, 5],
          [10, 5],
        ]),
      },
    ],
    ['deliveries are not attempted', { overdueDeliveries: 1 }],
    ['deliveries cannot be looked at', { overdueDeliveries: null }],
  ])('is withheld where %s', (_, facts) => {
    expect(whyNoHeartbeat({ ...well, ...facts })).not.toBeNull();
  });
});
