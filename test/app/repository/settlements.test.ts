import { describe, expect, it } from 'vitest';
import type { Job } from '../../../app/domain/job/types';
import { occurrenceId } from '../../../app/domain/run/occurrence';
import { type Timetable, timetable } from '../../../app/domain/schedule';
import { Jobs } from '../../../app/repository/jobs';
import { Runs } from '../../../app/repository/runs';
import { idleUpdate } from '../../../app/repository/settlementRecords';
import { Settlements } from '../../../app/repository/settlements';
import { useDatabase } from '../../support/database';
import { runsOf } from '../../support/runRecords';
import { storeJob } from '../../support/storedJob';

const { database } = useDatabase();
const options = { misfireHorizonMs: 86_400_000, runRetentionDays: 30 };
const settlements = new Settlements(database, new Jobs(database), options);
const runs = new Runs(database, 30);
const start = Date.parse('2026-01-01T00:00:00Z');
const everyTen = { everyMs: 10_000, anchorAt: new Date(0) };
const downMs = 300_000;
let jobs = 0;

/** A job each ten seconds, planned from `start`. */
async function job(over: Partial<Job> = {}) {
  jobs += 1;
  return await storeJob(database, {
    name: `job-${jobs}`,
    schedule: everyTen,
    plannedFromAt: new Date(start),
    ...over,
  });
}

/** Five minutes after the start, by default. */
const settle = (of: Job, after = downMs, table: Timetable = timetable(of.schedule)) =>
  settlements.settle({ job: of.name, revision: of.revision, table, now: new Date(start + after) });

const seconds = (times: readonly Date[]) => times.map(at => (at.getTime() - start) / 1000);

async function records(of: Job) {
  const stored = (await runsOf(database, of.name)).filter(run => run.job === of.name);
  stored.sort((a, b) => Number(a.scheduledAt) - Number(b.scheduledAt));
  return {
    stored,
    queued: stored.filter(run => run.state === 'queued'),
    own: stored.filter(run => run.state === 'skipped' && run.count === undefined),
    spans: stored.filter(run => run.count !== undefined),
  };
}

/** Lets something happen once behind the first read of the transaction. */
class ClaimBetween extends Jobs {
  private isFirst = true;

  constructor(
    of: typeof database,
    private readonly between: () => Promise<unknown>,
  ) {
    super(of);
  }

  override async current(...question: Parameters<Jobs['current']>) {
    const answer = await super.current(...question);
    if (this.isFirst) await this.between();
    this.isFirst = false;
    return answer;
  }
}

const claim = (of: Job, atMs: number) => {
  const scheduledAt = new Date(start + atMs);
  return runs.claim([
    {
      id: occurrenceId(of.name, scheduledAt),
      job: of.name,
      jobRevision: 1,
      trigger: 'schedule',
      scheduledAt,
      claimedAt: scheduledAt,
      onLost: 'retry',
      overlap: 'allow',
      member: 'host-a:1:x',
      hostId: 'host-a',
    },
  ]);
};

describe('Settlements.settle', () => {
  it('queues the newest missed occurrence by `last` and tells of the others', async () => {
    const missed = await job();
    // Nothing is decided of what is within its grace: 285 s and later.
    expect(await settle(missed)).toEqual({ until: new Date(start + 284_500), runs: 1, skipped: 28 });
    const { queued, own, spans } = await records(missed);
    expect(seconds(queued.map(run => run.scheduledAt))).toEqual([280]);
    expect(queued[0]).toMatchObject({ _id: occurrenceId(missed.name, new Date(start + 280_000)), trigger: 'schedule' });
    expect(queued[0]).toMatchObject({ member: '', hostId: '', fence: 1, startedAt: null, lanes: [missed.name] });
    expect(queued[0]?.slot).toBeUndefined();
    expect(own).toEqual([]);
    expect(spans).toHaveLength(1);
    expect(spans[0]).toMatchObject({ state: 'skipped', reason: 'misfire', count: 28 });
    expect(seconds([spans[0]?.from ?? new Date(0), spans[0]?.to ?? new Date(0)])).toEqual([0, 270]);
  });

  it('queues nothing by `skip`', async () => {
    const missed = await job({ misfire: 'skip' });
    expect(await settle(missed)).toMatchObject({ runs: 0, skipped: 29 });
    const { queued, own, spans } = await records(missed);
    expect([queued.length, own.length, spans[0]?.count]).toEqual([0, 1, 28]);
    expect(own[0]?._id).toBe(occurrenceId(missed.name, new Date(start + 280_000)));
  });

  it('queues the newest misfireLimit by `all`, in one lane, so that they run one after another', async () => {
    const alone = await job({ misfire: 'all', misfireLimit: 3 });
    const beside = await job({ misfire: 'all', misfireLimit: 3, overlap: 'allow' });
    for (const missed of [alone, beside]) await settle(missed);
    const { queued, spans } = await records(alone);
    expect(seconds(queued.map(run => run.scheduledAt))).toEqual([260, 270, 280]);
    expect(queued.map(run => run.lanes)).toEqual([[alone.name], [alone.name], [alone.name]]);
    expect(spans[0]?.count).toBe(26);
    const lanes = (await records(beside)).queued.map(run => run.lanes);
    expect(lanes).toEqual(Array.from({ length: 3 }, () => [`${beside.name}~catchup`]));
  });

  it('leaves alone what has a record', async () => {
    const missed = await job();
    for (let at = 0; at <= 280_000; at += 10_000) if (at !== 120_000) await claim(missed, at);
    expect(await settle(missed)).toMatchObject({ runs: 1, skipped: 0 });
    expect(seconds((await records(missed)).queued.map(run => run.scheduledAt))).toEqual([120]);
  });

  it('decides once when two hosts settle at the same time', async () => {
    const missed = await job({ misfire: 'all', misfireLimit: 3 });
    const answers = await Promise.all(Array.from({ length: 6 }, () => settle(missed)));
    expect(answers.reduce((sum, answer) => sum + (answer?.runs ?? 0), 0)).toBe(3);
    expect(answers.reduce((sum, answer) => sum + (answer?.skipped ?? 0), 0)).toBe(26);
    expect((await records(missed)).stored).toHaveLength(4);
  });

  it('decides nothing twice: the next look begins where the last one ended', async () => {
    const missed = await job();
    await settle(missed);
    const before = (await records(missed)).stored.length;
    expect(await settle(missed)).toMatchObject({ runs: 0, skipped: 0 });
    expect((await records(missed)).stored).toHaveLength(before);
  });

  it('decides nothing by a definition that is not the newest', async () => {
    const old = await job();
    await storeJob(database, { ...old, revision: 2 });
    expect(await settle(old)).toBeNull();
    expect((await records(old)).stored).toEqual([]);
  });

  it('decides what an ended plan left, once and running nothing, whatever the definition is by now', async () => {
    const made = await job({ misfire: 'all' });
    await claim(made, 20_000);
    await storeJob(database, { ...made, revision: 2, schedule: { ...everyTen, everyMs: 7000 } });
    const ended = { from: start, until: start + 59_999 };
    const table = timetable(everyTen);
    const left = { job: made.name, revision: made.revision, table, now: new Date(start + downMs), ended };
    expect(await settlements.settle(left)).toMatchObject({ runs: 0, skipped: 5 });
    expect(await settlements.settle(left)).toMatchObject({ runs: 0, skipped: 0 });
    const { spans, queued } = await records(made);
    expect(queued).toEqual([]);
    expect(spans).toMatchObject([{ reason: 'misfire', count: 5, jobRevision: 1 }]);
  });

  it('gives no occurrence up to a claim that comes at the same time: one of both has it', async () => {
    for (let round = 0; round < 10; round += 1) {
      const missed = await job({ schedule: { at: new Date(start) } });
      const [claimed] = await Promise.all([claim(missed, 0), settle(missed, 20_000)]);
      const { stored } = await records(missed);
      expect(stored).toHaveLength(1);
      if (claimed.won.length === 1) expect(stored[0]).toMatchObject({ state: 'running', member: 'host-a:1:x' });
      else expect(stored[0]?.state).toBe('queued');
    }
  });

  it('looks again where a claim comes between the look and the record', async () => {
    const missed = await job({ misfire: 'skip' });
    const between = new ClaimBetween(database, () => claim(missed, 280_000));
    const later = new Settlements(database, between, options);
    const table = timetable(missed.schedule);
    await later.settle({ job: missed.name, revision: 1, table, now: new Date(start + downMs) });
    const { own, spans, stored } = await records(missed);
    expect(stored.filter(run => run.state === 'running')).toHaveLength(1);
    expect([own.length, spans[0]?.count]).toEqual([0, 28]);
  });

  it('tells a late claim that it was settled, and marks a claim that it relied upon', async () => {
    const missed = await job({ misfire: 'skip' });
    await claim(missed, 280_000);
    await settle(missed);
    await claim(missed, 100_000);
    const until = (await settlements.settledUntil([missed.name, 'another'])).get(missed.name);
    expect(seconds([until ?? new Date(0)])).toEqual([284.5]);
    const stored = new Map((await records(missed)).stored.map(run => [run._id, run]));
    expect(stored.get(occurrenceId(missed.name, new Date(start + 280_000)))?.counted).toBe(true);
    expect(stored.get(occurrenceId(missed.name, new Date(start + 100_000)))?.counted).toBeUndefined();
  });

  it('lets one record grow while a calendar keeps occurrence after occurrence back', async () => {
    const closed = await job();
    const table: Timetable = { ...plain(timetable(closed.schedule)), keptBack: () => true };
    for (const after of [100_000, 200_000, 300_000]) await settle(closed, after, table);
    const { stored } = await records(closed);
    expect(stored).toHaveLength(1);
    expect(stored[0]).toMatchObject({ reason: 'calendar', count: 29 });
    expect(seconds([stored[0]?.from ?? new Date(0), stored[0]?.to ?? new Date(0)])).toEqual([0, 280]);
  });

  it('looks no further back than the horizon', async () => {
    const old = await job({ plannedFromAt: new Date(start - 30 * 86_400_000), misfire: 'skip' });
    expect(await settle(old)).toMatchObject({ skipped: 8640 - 2 });
  });
});

const plain = (table: Timetable) => ({
  next: (after: number) => table.next(after),
  previous: (before: number) => table.previous(before),
  count: (after: number, until: number) => table.count(after, until),
  note: (at: number) => table.note(at),
});

describe('Settlements.recordSkips', () => {
  it('records what has no record, and leaves what has one', async () => {
    const paused = await job();
    await claim(paused, 10_000);
    const skips = [0, 10_000].map(at => ({ job: paused, at: start + at, reason: 'paused' as const }));
    await settlements.recordSkips(skips, new Date(start + 20_000));
    expect((await records(paused)).stored.map(run => [run.state, run.reason])).toEqual([
      ['skipped', 'paused'],
      ['running', null],
    ]);
  });
});

describe('Settlements.recordIdle', () => {
  it('lets one record grow and never shrink, whoever writes', async () => {
    const paused = await job();
    const span = (to: number, count: number) => ({ job: paused, span: { from: start, to: start + to, count } });
    const at = (ms: number) => new Date(start + ms);
    await settlements.recordIdle([span(10_000, 2)], at(11_000));
    await settlements.recordIdle([span(40_000, 5)], at(41_000));
    await settlements.recordIdle([span(20_000, 3)], at(42_000));
    const { stored } = await records(paused);
    expect(stored).toHaveLength(1);
    expect(stored[0]).toMatchObject({ state: 'skipped', reason: 'paused', count: 5, from: at(0), to: at(40_000) });
    expect(stored[0]?._id).toBe(`${occurrenceId(paused.name, at(0))}~paused`);
  });

  it('is finished by the write that resumes the job, in its own transaction', async () => {
    const paused = await job();
    const span = { from: start, to: start + 90_000, count: 10 };
    const { filter, update } = idleUpdate({ job: paused, span }, new Date(start + 95_000), 30);
    await database.transaction(async session => {
      await database.collection({ collection: 'runs' }).updateOne(filter, update, { upsert: true, session });
    });
    expect((await records(paused)).stored).toMatchObject([{ reason: 'paused', count: 10 }]);
  });
});

describe('the checkpoint', () => {
  it('moves forward only, and windows begin there', async () => {
    const missed = await job({ misfire: 'skip', plannedFromAt: new Date(start - 3_600_000) });
    expect(await settlements.checkpoint()).toBeNull();
    await settlements.moveCheckpoint(new Date(start - 1), 'a');
    await settlements.moveCheckpoint(new Date(start - 60_000), 'a');
    expect(await settlements.checkpoint()).toEqual(new Date(start - 1));
    expect(await settle(missed)).toMatchObject({ skipped: 29 });
  });
});
