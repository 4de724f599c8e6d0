import { describe, expect, it } from 'vitest';
import { Wakefulness } from '../../../app/selfwatch/wakefulness';

describe('a process', () => {
  it('is awake since its start, and since it was stopped and goes on: what it slept through is no outage', () => {
    let nowMs = 5000;
    const wakefulness = new Wakefulness(() => nowMs);
    for (; nowMs < 60_000; nowMs += 5000) expect(wakefulness.awakeSinceMs).toBe(5000);
    nowMs += 120_000;
    expect(wakefulness.awakeSinceMs).toBe(nowMs);
    nowMs += 5000;
    expect(wakefulness.awakeSinceMs).toBe(nowMs - 5000);
  });
});
