import { describe, expect, it } from 'vitest';
import { backfillLanes, queueOf, waitingPlace } from '../../../../app/domain/run/lane';
import { slugSchema } from '../../../../app/domain/slug';

describe('lanes', () => {
  it('have names that no job can have, but for the job’s own', () => {
    for (const lane of [waitingPlace('a'), ...backfillLanes('a', 2), 'a~catchup'])
      expect(slugSchema.safeParse(lane).success).toBe(false);
  });

  it('of one backfill make one queue', () => {
    const lanes = backfillLanes('a', 10);
    expect(new Set(lanes).size).toBe(10);
    expect(new Set(lanes.map(queueOf))).toEqual(new Set([lanes[0]]));
  });

  it('of a job and of its catch-ups are their own queues', () => {
    for (const lane of ['a', 'a~catchup', 'backfill-12']) expect(queueOf(lane)).toBe(lane);
  });
});
