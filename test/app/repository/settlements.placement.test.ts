import { describe, expect, it } from 'vitest';
import type { Job } from '../../../app/domain/job/types';
import { occurrenceId } from '../../../app/domain/run/occurrence';
import { timetable } from '../../../app/domain/schedule';
import { Jobs } from '../../../app/repository/jobs';
import { Runs } from '../../../app/repository/runs';
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
let jobs = 0;

async function jobWith(placement: Job['placement'], over: Partial<Job> = {}): Promise<Job> {
  jobs += 1;
  const fields = { name: `placed-${jobs}`, schedule: everyTen, plannedFromAt: new Date(start), placement };
  return await storeJob(database, { ...fields, ...over });
}

const settle = (of: Job, afterMs: number, over: { boundTo?: string; isHomeless?: boolean } = {}) =>
  settlements.settle({
    ...{ job: of.name, revision: of.revision, table: timetable(of.schedule), now: new Date(start + afterMs) },
    ...over,
  });

const secondsOf = (run: { scheduledAt: Date }) => (run.scheduledAt.getTime() - start) / 1000;
const everyHost = { on: 'every-host' as const, hostLabels: {} };

describe('what every host runs', () => {
  it('is settled for each host apart: what one decides is not decided for another', async () => {
    const job = await jobWith(everyHost);
    for (const boundTo of ['a', 'b']) {
      expect(await settle(job, 60_000, { boundTo })).toMatchObject({ runs: 1, skipped: 4 });
      expect(await settle(job, 60_000, { boundTo })).toMatchObject({ runs: 0, skipped: 0 });
    }
    const lanes = ['a', 'b'].map(host => `${job.name}~${host}`);
    expect([...(await settlements.settledUntil([job.name, ...lanes])).keys()].sort()).toEqual(lanes);
    const stored = await runsOf(database, job.name);
    const queued = stored.filter(run => run.state === 'queued');
    expect(queued.map(({ _id, boundTo, hostId, lanes }) => ({ _id, boundTo, hostId, lanes }))).toEqual(
      ['a', 'b'].map(boundTo => ({
        _id: occurrenceId(job.name, new Date(start + 40_000), boundTo),
        ...{ boundTo, hostId: boundTo, lanes: [`${job.name}~${boundTo}`] },
      })),
    );
    const spans = stored.filter(run => run.count !== undefined);
    expect(spans.map(({ _id, count, hostId }) => [_id.split('Z')[1], count, hostId])).toEqual([
      ['~a~misfire', 4, 'a'],
      ['~b~misfire', 4, 'b'],
    ]);
  });

  it('counts as recorded only by its own host, and only claims of that host are relied upon', async () => {
    const job = await jobWith(everyHost, { misfire: 'skip' });
    for (const boundTo of ['a', 'b']) {
      const scheduledAt = new Date(start + 20_000);
      const fields = { job: job.name, jobRevision: 1, trigger: 'schedule' as const, onLost: 'retry' as const };
      const by = { overlap: 'allow' as const, member: `${boundTo}:1:x`, hostId: boundTo, boundTo };
      const id = occurrenceId(job.name, scheduledAt, boundTo);
      await runs.claim([{ id, ...fields, ...by, scheduledAt, claimedAt: scheduledAt }]);
    }
    expect(await settle(job, 60_000, { boundTo: 'a' })).toMatchObject({ skipped: 4 });
    const counted = (await runsOf(database, job.name)).filter(run => run.counted).map(run => run.hostId);
    expect(counted).toEqual(['a']);
  });

  it('keeps of what waits for its host no more than the policy wants, however often it is settled', async () => {
    const job = await jobWith(everyHost);
    for (const seconds of [30, 40, 50, 60]) await settle(job, seconds * 1000, { boundTo: 'a' });
    const stored = await runsOf(database, job.name);
    expect(stored.filter(run => run.state === 'queued').map(secondsOf)).toEqual([40]);
    expect(stored.filter(run => run.reason === 'misfire').map(secondsOf)).toEqual([0, 10, 20, 30]);
  });
});

describe('the checkpoint of a host', () => {
  it('begins when the host comes for the first time: it has missed nothing before', async () => {
    const first = new Date(start + 30_000);
    expect(await settlements.hostCheckpoint('new', first)).toEqual(first);
    expect(await settlements.hostCheckpoint('new', new Date(start + 90_000))).toEqual(first);
    const job = await jobWith(everyHost, { misfire: 'skip' });
    expect(await settle(job, 90_000, { boundTo: 'new' })).toMatchObject({ skipped: 4 });
    expect((await runsOf(database, job.name)).map(run => (Number(run.from ?? run.scheduledAt) - start) / 1000)).toEqual(
      [40, 70],
    );
  });

  it('is moved with that of all hosts by this host only', async () => {
    await settlements.hostCheckpoint('other', new Date(start));
    await settlements.moveCheckpoint(new Date(start + 5000), 'mine');
    expect(await settlements.hostCheckpoint('mine', new Date(start + 60_000))).toEqual(new Date(start + 5000));
    expect(await settlements.hostCheckpoint('other', new Date(start + 60_000))).toEqual(new Date(start));
    expect(await settlements.checkpoint()).toEqual(new Date(start + 5000));
  });

  it('says nothing of what one host runs for all', async () => {
    await settlements.hostCheckpoint('late', new Date(start + 3_600_000));
    const job = await jobWith({ on: 'one', hostLabels: {} }, { misfire: 'skip' });
    expect(await settle(job, 60_000)).toMatchObject({ skipped: 4 });
  });
});

describe('what no live host may run', () => {
  const labelled = { on: 'one' as const, hostLabels: { zone: 'eu' } };

  it('leaves records that say so: what is skipped and what waits', async () => {
    const job = await jobWith(labelled);
    await settle(job, 60_000, { isHomeless: true });
    const stored = await runsOf(database, job.name);
    expect(stored.map(run => run.state).sort()).toEqual(['queued', 'skipped']);
    for (const run of stored) {
      expect(run.error).toEqual({ code: 'noHost', message: expect.stringContaining('zone=eu') });
      expect(run.hostLabels).toEqual({ zone: 'eu' });
    }
  });

  it('lets the newest wait, not every one that came since', async () => {
    const job = await jobWith(labelled, { misfire: 'all', misfireLimit: 2 });
    for (const seconds of [30, 40, 50, 60]) await settle(job, seconds * 1000, { isHomeless: true });
    const waiting = (await runsOf(database, job.name)).filter(run => run.state === 'queued');
    expect(waiting.map(secondsOf)).toEqual([30, 40]);
  });
});
