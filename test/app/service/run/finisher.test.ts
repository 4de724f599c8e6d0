import { describe, expect, it } from 'vitest';
import type { RunEnding, RunEndings } from '../../../../app/repository/runEndings';
import { Finisher } from '../../../../app/service/run/finisher';
import { eventually } from '../../../support/eventually';

const now = new Date('2026-01-01T00:00:00Z');
const clock = { now: () => now };
const inMs = (ms: number) => new Date(now.getTime() + ms);
const ending = (id: string): RunEnding => ({
  id,
  fence: 1,
  fields: { state: 'succeeded', outcome: null, error: null },
});

/** Writes that end when the test says so. */
function writes(isClaiming = () => false) {
  const batches: { ids: string[]; answer(ended: Set<string>): void; fail(error: Error): void }[] = [];
  const end: RunEndings['end'] = given =>
    new Promise((answer, fail) => {
      batches.push({ ids: given.map(one => one.id), answer, fail });
    });
  const active = { ending: 0 };
  return { batches, active, finisher: new Finisher({ endings: { end }, active, clock, isClaiming }) };
}

const turn = () => new Promise(resolve => setTimeout(resolve, 5));

describe('What ends runs without alerts', () => {
  it('writes once for all that end at once, and once more for all that end while that is under way', async () => {
    const { batches, finisher } = writes();
    const first = ['a', 'b'].map(id => finisher.end(ending(id), now));
    await turn();
    const second = ['c', 'd', 'e'].map(id => finisher.end(ending(id), now));
    await turn();
    expect(batches.map(batch => batch.ids)).toEqual([['a', 'b']]);
    batches[0]?.answer(new Set(['a']));
    expect(await Promise.all(first)).toEqual([true, false]);
    await turn();
    expect(batches.map(batch => batch.ids)).toEqual([
      ['a', 'b'],
      ['c', 'd', 'e'],
    ]);
    batches[1]?.answer(new Set(['c', 'd', 'e']));
    expect(await Promise.all(second)).toEqual([true, true, true]);
  });

  it('lets claims go first for as long as the end may wait', async () => {
    let claiming = true;
    const { batches, finisher } = writes(() => claiming);
    const first = finisher.end(ending('a'), inMs(60_000));
    await turn();
    expect(batches).toEqual([]);
    claiming = false;
    await eventually('it is written when the claims are done', () => batches.length === 1);
    claiming = true;
    batches[0]?.answer(new Set(['a']));
    await first;
    const [second, startedAt] = [finisher.end(ending('b'), inMs(400)), performance.now()];
    await eventually('it is written although claims go on', () => batches.length === 2, 5000);
    expect(performance.now() - startedAt).toBeGreaterThan(350);
    batches[1]?.answer(new Set(['b']));
    expect(await second).toBe(true);
  });

  it('lets no claim go before an end that may not wait, and only that one is written', async () => {
    let claiming = true;
    const { batches, finisher } = writes(() => claiming);
    const [fresh, old] = [finisher.end(ending('fresh'), inMs(800)), finisher.end(ending('old'), inMs(-5000))];
    await eventually('it is written although claims go on', () => batches.length === 1, 500);
    expect(batches[0]?.ids).toEqual(['old']);
    claiming = false;
    batches[0]?.answer(new Set(['old']));
    expect(await old).toBe(true);
    await eventually('the other one follows', () => batches.length === 2);
    batches[1]?.answer(new Set(['fresh']));
    expect(await fresh).toBe(true);
  });

  it('lets no end wait for longer than 2 s, whatever the clocks say', async () => {
    const { batches, finisher } = writes(() => true);
    const startedAt = performance.now();
    const end = finisher.end(ending('a'), inMs(90_000));
    await eventually('it is written although claims go on', () => batches.length === 1, 5000);
    expect(performance.now() - startedAt).toBeGreaterThan(1900);
    batches[0]?.answer(new Set(['a']));
    expect(await end).toBe(true);
  });

  it('takes no place among the runs in progress with what it still has to write', async () => {
    const { batches, active, finisher } = writes();
    const ends = ['a', 'b'].map(id => finisher.end(ending(id), now));
    expect(active.ending).toBe(2);
    await turn();
    batches[0]?.answer(new Set(['a', 'b']));
    await Promise.all(ends);
    await turn();
    expect(active.ending).toBe(0);
  });

  it('tells each run of a write that failed, and goes on with the next', async () => {
    const { batches, finisher } = writes();
    const lost = finisher.end(ending('a'), now);
    await turn();
    const next = finisher.end(ending('b'), now);
    batches[0]?.fail(new Error('away'));
    await expect(lost).rejects.toThrow('away');
    await turn();
    batches[1]?.answer(new Set(['b']));
    expect(await next).toBe(true);
  });
});
