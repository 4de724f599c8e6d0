import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { inTime } from '../../../app/controller/inTime';

describe('inTime', () => {
  it('answers 503 for what takes longer, whatever becomes of it later', async () => {
    const late = sleep(60).then(() => {
      throw new Error('too late to matter');
    });
    await expect(inTime(late, 20)).rejects.toMatchObject({ status: 503, retryAfterMs: 2000 });
    await sleep(80);
  });

  it('answers what is in time, and its errors as they are', async () => {
    expect(await inTime(Promise.resolve('yes'), 1000)).toBe('yes');
    await expect(inTime(Promise.reject(new TypeError('no')), 1000)).rejects.toThrow(TypeError);
  });
});
