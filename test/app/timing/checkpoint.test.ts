import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Checkpoint } from '../../../app/timing/checkpoint';
import { RecordedLog } from '../../support/log';

const start = Date.parse('2026-01-01T00:00:00Z');

beforeEach(() => {
  vi.useFakeTimers({ now: start });
});
afterEach(() => {
  vi.useRealTimers();
});

function checkpointOf() {
  const moves: number[] = [];
  const state = { ready: true, oldest: Number.POSITIVE_INFINITY, seenAgoMs: 0 };
  const checkpoint = new Checkpoint({
    clock: { now: () => new Date() },
    ready: async () => state.ready,
    oldestOpen: () => state.oldest,
    definitionsSeenAt: () => Date.now() - state.seenAgoMs,
    moveCheckpoint: async until => {
      moves.push(until.getTime() - start);
    },
    log: new RecordedLog(),
  });
  checkpoint.start();
  return { checkpoint, moves, state };
}

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

describe('Checkpoint', () => {
  it('moves on while everything is in order, so far behind that no definition can still come to be planned before it', async () => {
    const { moves } = checkpointOf();
    await pass(10_000);
    expect(moves).toEqual([-10_000, -5000]);
  });

  it('stays before what has no record yet', async () => {
    const { moves, state } = checkpointOf();
    state.oldest = start - 12_000;
    await pass(60_000);
    expect(moves).toEqual([-12_001]);
    state.oldest = Number.POSITIVE_INFINITY;
    await pass(5000);
    expect(moves.at(-1)).toBe(50_000);
  });

  it('stays before the last look at the definitions', async () => {
    const { moves, state } = checkpointOf();
    state.seenAgoMs = 30_000;
    await pass(5000);
    expect(moves).toEqual([-40_000]);
  });

  it('is not moved by a host whose lease is in doubt, or that has seen no definitions yet', async () => {
    const { moves, state } = checkpointOf();
    state.ready = false;
    await pass(10_000);
    state.ready = true;
    state.seenAgoMs = Number.POSITIVE_INFINITY;
    await pass(10_000);
    expect(moves).toEqual([]);
  });
});
