import { describe, expect, it } from 'vitest';
import { bodyOf, dueOf, planOf } from '../../../tools/drill/plan';
import { Random } from '../../../tools/drill/random';

const startAt = Date.parse('2026-11-21T10:00:00Z');
const plan = planOf('d', startAt, 10);

describe('the load of a drill', () => {
  it('has 20 occurrences in each second, spread over it', () => {
    const due = dueOf(plan);
    expect(due).toHaveLength(200);
    expect(due[0]?.id).toBe('d-00@2026-11-21T10:00:00.000Z');
    expect(due[1]?.id).toBe('d-01@2026-11-21T10:00:00.050Z');
    expect(due.at(-1)?.id).toBe('d-19@2026-11-21T10:00:09.950Z');
    expect(due.every(({ at }) => at >= plan.startAt && at < plan.endAt)).toBe(true);
  });

  it('is half run again and half closed when lost, with works from 0.2 to 3 s and some jobs alone', () => {
    const of = (onLost: string) => plan.jobs.filter(job => job.onLost === onLost);
    expect([of('retry').length, of('close').length]).toEqual([10, 10]);
    expect(Math.min(...plan.jobs.map(job => job.workMs))).toBeGreaterThanOrEqual(200);
    expect(Math.max(...plan.jobs.map(job => job.workMs))).toBe(3000);
    const alone = plan.jobs.filter(job => job.overlap === 'skip');
    expect(new Set(alone.map(job => job.onLost))).toEqual(new Set(['retry', 'close']));
    expect(new Set(alone.map(job => job.workMs))).toEqual(new Set([600, 1400]));
  });

  it('asks for exactly its own occurrences', () => {
    const [, second] = plan.jobs;
    if (second === undefined) throw new Error('no job');
    expect(bodyOf(second, plan, 'http://127.0.0.1:1/')).toMatchObject({
      schedule: { everyMs: 1000, anchorAt: '2026-11-21T10:00:00.050Z' },
      startAt: '2026-11-21T10:00:00.000Z',
      endAt: '2026-11-21T10:00:10.000Z',
      retry: { limit: 0 },
      drill: { url: 'http://127.0.0.1:1/', workMs: second.workMs },
    });
  });
});

describe('the random numbers of a drill', () => {
  it('are those of the seed', () => {
    const [one, same, other] = [new Random(7), new Random(7), new Random(8)];
    const numbers = (random: Random) => Array.from({ length: 5 }, () => random.between(0, 1000));
    const first = numbers(one);
    expect(numbers(same)).toEqual(first);
    expect(numbers(other)).not.toEqual(first);
    expect(first.every(number => number >= 0 && number <= 1000)).toBe(true);
  });

  it('pick from what there is', () => {
    expect(['a', 'b']).toContain(new Random(1).pick(['a', 'b']));
    expect(() => new Random(1).pick([])).toThrow('nothing to pick from');
  });
});
