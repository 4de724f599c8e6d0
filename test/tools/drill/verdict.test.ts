import { describe, expect, it } from 'vitest';
import { dueOf, type Plan, planOf } from '../../../tools/drill/plan';
import type { Evidence, RunRecord, WitnessEvent } from '../../../tools/drill/types';
import { complaintsOf, judge, takeOverSummary } from '../../../tools/drill/verdict';

const startAt = Date.parse('2026-11-21T10:00:00Z');
const plan = planOf('load', startAt, 60);
const due = dueOf(plan);
/** The fault of most tests: from second 10 to second 15. */
const fault = { at: startAt + 10_000, endAt: startAt + 15_000 };
const soon = 20;

/** A round without a blemish; what a test is about is changed in it. */
function goodRound(of: Plan = plan): Evidence {
  const events = dueOf(of).flatMap(({ id, at, job }) => [
    event(id, 'start', at + soon),
    event(id, 'end', at + soon + job.workMs),
  ]);
  const records = dueOf(of).map(({ id, at, job }) => ({
    ...record(id, 'succeeded'),
    finishedAt: at + soon + job.workMs,
  }));
  return { plan: of, events, records, fault };
}

function event(occurrence: string, phase: 'start' | 'end', at: number, fence = 1, member = 'a:1:x'): WitnessEvent {
  return { occurrence, phase, at, fence, member };
}

function record(id: string, state: RunRecord['state'], over: Partial<RunRecord> = {}): RunRecord {
  const [job = '', time = ''] = id.split('@');
  const at = Date.parse(time);
  const base = { reason: null, fence: 1 };
  return { id, job, state, ...base, finishedAt: at + 3000, ...over };
}

/** The first occurrence due after this second of the plan that fits. */
function occurrence(second: number, fits: { onLost?: string; overlap?: string } = {}): string {
  const found = due.find(
    one =>
      one.at >= startAt + second * 1000 &&
      (fits.onLost ?? one.job.onLost) === one.job.onLost &&
      (fits.overlap ?? one.job.overlap) === one.job.overlap,
  );
  if (found === undefined) throw new Error('no such occurrence');
  return found.id;
}

/** The round with another history of one occurrence. */
function told(id: string, events: WitnessEvent[], of: RunRecord | null): Evidence {
  const round = goodRound();
  return {
    ...round,
    events: [...round.events.filter(one => one.occurrence !== id), ...events],
    records: [...round.records.filter(one => one.id !== id), ...(of === null ? [] : [of])],
  };
}

const verdictOf = (id: string, events: WitnessEvent[], of: RunRecord | null) => judge(told(id, events, of));

describe('the verdict of a drill', () => {
  it('passes where every occurrence ran once and in time', () => {
    const verdict = judge(goodRound());
    expect(verdict).toMatchObject({ due: 1200, once: 1200, again: 0, missed: 0, twice: 0, repeated: 0, lost: 0 });
    expect(verdict).toMatchObject({ latenessP99Ms: soon, latenessAfterP99Ms: soon, recoveredMs: 0, skipped: {} });
    expect(complaintsOf(verdict)).toEqual([]);
  });

  it('calls missed what has neither a start nor a record', () => {
    const verdict = verdictOf(occurrence(12), [], null);
    expect(verdict.missed).toBe(1);
    expect(complaintsOf(verdict)).toEqual(['missed: 1']);
  });

  it('believes a record of success without any call of its run as little as none', () => {
    const id = occurrence(12);
    const verdict = verdictOf(id, [], record(id, 'succeeded'));
    expect(verdict.missed).toBe(1);
    expect(verdict.disagreements).toEqual([`${id} succeeded under fence 1, and its end never arrived`]);
  });

  it('takes a skip for reasoned only where the definition gives the reason', () => {
    const alone = occurrence(12, { overlap: 'skip' });
    expect(verdictOf(alone, [], record(alone, 'skipped', { reason: 'overlap' }))).toMatchObject({
      missed: 0,
      skipped: { overlap: 1 },
    });
    const free = occurrence(12, { overlap: 'allow' });
    expect(verdictOf(free, [], record(free, 'skipped', { reason: 'overlap' })).missed).toBe(1);
    expect(verdictOf(alone, [], record(alone, 'skipped', { reason: 'misfire' })).missed).toBe(1);
  });

  it('finds an occurrence in a record of many skips', () => {
    const id = occurrence(12, { overlap: 'skip' });
    const at = Date.parse(id.split('@')[1] ?? '');
    const many = record(`${id.split('@')[0]}@other`, 'skipped', { reason: 'overlap', from: at - 1000, to: at + 1000 });
    expect(verdictOf(id, [], many)).toMatchObject({ missed: 0, skipped: { overlap: 1 } });
  });

  it('calls a second start of one fence twice, and one under a lower fence after a higher', () => {
    const id = occurrence(12, { onLost: 'retry' });
    const end = event(id, 'end', startAt + 16_000, 2);
    const same = [event(id, 'start', startAt + 12_100), event(id, 'start', startAt + 12_200), end];
    expect(verdictOf(id, same, record(id, 'succeeded', { fence: 2 })).twice).toBe(1);
    const zombie = [event(id, 'start', startAt + 12_100, 2), event(id, 'start', startAt + 12_200, 1), end];
    const verdict = verdictOf(id, zombie, record(id, 'succeeded', { fence: 2 }));
    expect(verdict.twice).toBe(1);
    expect(complaintsOf(verdict)).toEqual(['twice: 1']);
  });

  it('measures a take-over from the fault, or from the lost start where that came later', () => {
    const before = occurrence(9, { onLost: 'retry' });
    const again = [
      event(before, 'start', startAt + 9100),
      event(before, 'start', startAt + 18_000, 2, 'b:2:y'),
      event(before, 'end', startAt + 20_000, 2, 'b:2:y'),
    ];
    const verdict = verdictOf(before, again, record(before, 'succeeded', { fence: 2 }));
    expect(verdict).toMatchObject({ takenOverMs: [8000], again: 1, repeated: 0, once: 1199 });
    const later = occurrence(13, { onLost: 'retry' });
    const moved = again.map(one => ({ ...one, occurrence: later, at: one.at + 4000 }));
    expect(verdictOf(later, moved, record(later, 'succeeded', { fence: 2 })).takenOverMs).toEqual([8900]);
  });

  it('complains of a take-over that took longer than 15 s', () => {
    const id = occurrence(9, { onLost: 'close' });
    const lost = record(id, 'lost', { finishedAt: startAt + 26_000 });
    const verdict = verdictOf(id, [event(id, 'start', startAt + 9100)], lost);
    expect(verdict).toMatchObject({ lost: 1, takenOverMs: [16_000], missed: 0, unfinished: 0 });
    expect(complaintsOf(verdict)).toEqual(['taken over after 16000 ms']);
    expect(complaintsOf(verdict, 3000)).toEqual([]);
  });

  it('allows a repetition of a retry job in the window of the fault, and no other', () => {
    const id = occurrence(9, { onLost: 'retry' });
    const runs = (again: number) => [
      event(id, 'start', startAt + 9100),
      event(id, 'end', startAt + 10_100),
      event(id, 'start', again, 2),
      event(id, 'end', again + 1000, 2),
    ];
    const fine = verdictOf(id, runs(startAt + 21_000), record(id, 'succeeded', { fence: 2 }));
    expect(fine).toMatchObject({ repeated: 1, unexplained: 0, repeatedOfClose: 0 });
    expect(complaintsOf(fine)).toEqual([]);
    const late = verdictOf(id, runs(startAt + 31_000), record(id, 'succeeded', { fence: 2 }));
    expect(complaintsOf(late)).toContain('unexplained: 1');
    const unknown = verdictOf(id, runs(startAt + 21_000), record(id, 'succeeded', { fence: 1 }));
    expect(unknown).toMatchObject({ unexplained: 1 });
    expect(unknown.disagreements).toEqual([`${id} started under fence 2, GET /runs says 1`]);
  });

  it('allows a close job no second start at all', () => {
    const id = occurrence(9, { onLost: 'close' });
    const events = [event(id, 'start', startAt + 9100), event(id, 'start', startAt + 15_000, 2)];
    const verdict = verdictOf(id, [...events, event(id, 'end', startAt + 16_000, 2)], {
      ...record(id, 'succeeded', { fence: 2 }),
    });
    expect(complaintsOf(verdict)).toEqual(['repeatedOfClose: 1']);
    expect(verdict.examples['repeatedOfClose']).toHaveLength(1);
  });

  it('wants what is lost to be run again where the job says so', () => {
    const id = occurrence(9, { onLost: 'retry' });
    const verdict = verdictOf(id, [event(id, 'start', startAt + 9100)], record(id, 'lost'));
    expect(complaintsOf(verdict)).toContain('unfinished: 1');
  });

  it('does not pass with failed runs, nor with records that do not end', () => {
    const id = occurrence(9);
    const begun = [event(id, 'start', startAt + 9100)];
    expect(complaintsOf(verdictOf(id, begun, record(id, 'failed')))).toContain('failed: 1');
    expect(complaintsOf(verdictOf(id, begun, record(id, 'running', { finishedAt: null })))).toContain('unfinished: 1');
  });

  it('tells a run that GET /runs calls skipped from one that was', () => {
    const id = occurrence(12, { overlap: 'skip' });
    const events = [event(id, 'start', startAt + 12_100), event(id, 'end', startAt + 12_800)];
    const verdict = verdictOf(id, events, record(id, 'skipped', { reason: 'overlap' }));
    expect(verdict.disagreements).toEqual([`${id} started, and GET /runs says skipped (overlap)`]);
  });

  it('says when everything was normal again, and when it was not', () => {
    const round = goodRound();
    const slowUntil = (second: number) => ({
      ...round,
      events: round.events.map(one => {
        const at = Date.parse(one.occurrence.split('@')[1] ?? '');
        return at > fault.at && at < startAt + second * 1000 ? { ...one, at: one.at + 1500 } : one;
      }),
    });
    const verdict = judge(slowUntil(25));
    expect(verdict.latenessP99Ms).toBe(1520);
    expect(verdict.latenessAfterP99Ms).toBe(soon);
    // One of a hundred may be late, so the last few slow ones count no more.
    expect(verdict.recoveredMs).toBeGreaterThan(9000);
    expect(verdict.recoveredMs).toBeLessThanOrEqual(10_000);
    expect(complaintsOf(judge(slowUntil(40))).join()).toMatch(/^back to normal after 24\d\d\d ms$/);
    expect(complaintsOf(judge(slowUntil(60)))).toEqual(['p99 of the lateness did not come back under 1 s']);
  });

  it('sums take-overs up', () => {
    expect(takeOverSummary([3000, 1000, 9000.4])).toEqual({ count: 3, medianMs: 3000, maxMs: 9000 });
    expect(takeOverSummary([])).toEqual({ count: 0, medianMs: 0, maxMs: 0 });
  });
});
