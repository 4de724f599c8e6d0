import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Deadline } from '../../../app/net/deadline';

const never = new Promise<never>(() => {});

describe('a deadline', () => {
  it('ends the waiting when its time has passed, and says so', async () => {
    const deadline = new Deadline(20, []);
    await expect(deadline.race(never)).rejects.toThrow('the limit of 20 ms has passed');
    expect([deadline.passed, deadline.signal.aborted]).toEqual([true, true]);
  });

  it('ends with the first signal that does, with its reason', async () => {
    const [one, two] = [new AbortController(), new AbortController()];
    const deadline = new Deadline(10_000, [one.signal, two.signal]);
    two.abort(new Error('the lease is lost'));
    await expect(deadline.race(never)).rejects.toThrow('the lease is lost');
    expect(deadline.passed).toBe(false);
    deadline.release();
  });

  it('ends at once with a signal that was aborted before', async () => {
    const deadline = new Deadline(10_000, [AbortSignal.abort(new Error('gone'))]);
    await expect(deadline.race(never)).rejects.toThrow('gone');
    deadline.release();
  });

  it('lets work through that is in time, and minds nothing once released', async () => {
    const outer = new AbortController();
    const deadline = new Deadline(20, [outer.signal]);
    expect(await deadline.race(Promise.resolve(7))).toBe(7);
    deadline.release();
    outer.abort();
    await sleep(40);
    expect([deadline.passed, deadline.signal.aborted]).toEqual([false, false]);
  });
});
