import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { SourceError } from '../../../../app/domain/errors';
import type { Job } from '../../../../app/domain/job/types';
import { calendarModel } from '../../../../app/model/definition';
import { useDatabase } from '../../../support/database';
import { eventually } from '../../../support/eventually';
import { jobOf } from '../../../support/job';
import { RunWorld } from '../../../support/runWorld';

const { database } = useDatabase();
const world = new RunWorld(database);
const at = new Date('2026-01-01T01:00:00Z');
const later = new Date('2026-01-01T02:00:00Z');
let count = 0;

function named(over: Partial<Job> = {}): Job {
  count += 1;
  return jobOf({ name: `job-${count}`, retry: { limit: 0, backoffMs: 10, factor: 1 }, ...over });
}

async function ended(job: string) {
  return await eventually(`the runs of ${job} end`, async () => {
    const runs = await world.runs(job);
    return runs.length > 0 && runs.every(run => run.finishedAt !== null) && runs;
  });
}

afterEach(() => {
  Object.assign(world.behaviour, { workMs: 0, value: 1, error: null, deaf: false });
});
afterAll(() => world.close());

describe('an announced occurrence', () => {
  it('is executed once, whoever hears of it and however often', async () => {
    const [a, b] = [await world.worker('a'), await world.worker('b')];
    const job = named();
    const hint = (await world.define(job))(at);
    const before = world.executed.length;
    for (let times = 0; times < 5; times += 1) for (const { service } of [a, b]) service.accept([hint]);
    const [run] = await ended(job.name);
    expect(run).toMatchObject({ state: 'succeeded', attempt: 1, fence: 1, outcome: { series: 1, firing: 0 } });
    expect(world.executed.length - before).toBe(1);
  });

  it('is recorded as skipped, not executed, when the job was paused after the announcement', async () => {
    const { service } = await world.worker('a');
    const job = named();
    const hint = (await world.define(job))(at);
    await world.define({ ...job, paused: { note: 'night', by: 'ops', at } });
    service.accept([hint]);
    expect(await ended(job.name)).toMatchObject([{ state: 'skipped', reason: 'paused' }]);
  });

  it('is recorded as skipped when the job was rescheduled after the announcement', async () => {
    const { service } = await world.worker('a');
    const job = named();
    const hint = (await world.define(job))(at);
    await world.define({ ...job, schedule: { cron: '30 * * * *', zone: 'UTC', dst: 'shift', repeated: 'first' } });
    service.accept([hint]);
    expect(await ended(job.name)).toMatchObject([{ state: 'skipped', reason: 'changed' }]);
  });

  it('is recorded as skipped when its calendar, as it is by then, keeps it back', async () => {
    const { service } = await world.worker('a');
    const office = { kind: 'none', zone: 'UTC', weekend: [6, 7], holidays: [], workdays: [] };
    const stamp = { createdRevision: 1, deleted: false, updatedAt: at, updatedBy: 'test' };
    const calendars = database.collection(calendarModel);
    await calendars.insertOne({ _id: 'office', revision: 1, spec: office, ...stamp });
    const job = named({ calendar: { name: 'office', on: 'workdays', outside: 'skip' } });
    const hint = await world.define(job);
    service.accept([hint(at)]);
    expect(await ended(job.name)).toMatchObject([{ state: 'succeeded' }]);
    const holidays = [{ date: '2026-01-01', name: 'New Year' }];
    await calendars.updateOne({ _id: 'office' }, { $set: { revision: 2, 'spec.holidays': holidays } });
    service.accept([hint(later)]);
    await eventually('both are decided', async () => (await world.runs(job.name)).length === 2);
    expect((await ended(job.name))[1]).toMatchObject({ state: 'skipped', reason: 'calendar' });
  });

  it('gives way to a run of the same job under way on any member, and says so', async () => {
    const [a, b] = [await world.worker('a'), await world.worker('b')];
    const job = named();
    const hint = await world.define(job);
    world.behaviour.workMs = 600;
    a.service.accept([hint(at)]);
    await eventually('the first runs', async () => (await world.runs(job.name))[0]?.startedAt);
    b.service.accept([hint(later)]);
    const runs = await ended(job.name);
    expect(runs.map(run => [run.state, run.reason])).toEqual([
      ['succeeded', null],
      ['skipped', 'overlap'],
    ]);
  });

  it('stays due while the run in its way has lost its member, and is decided after the take-over', async () => {
    const [a, b] = [await world.worker('a'), await world.worker('b')];
    const job = named();
    const hint = await world.define(job);
    world.behaviour.workMs = 60_000;
    a.service.accept([hint(at)]);
    await eventually('the first runs', async () => (await world.runs(job.name))[0]?.startedAt);
    await world.bury(a);
    world.behaviour.workMs = 0;
    b.service.accept([hint(later)]);
    await eventually('b has seen that the owner is lost', () => b.log.has('run.slotOwnerLost'));
    expect(await world.runs(job.name)).toHaveLength(1);
    b.service.start();
    await ended(job.name);
    b.service.accept([hint(later)]);
    await eventually(
      'both ran',
      async () => (await world.runs(job.name)).filter(run => run.state === 'succeeded').length === 2,
    );
  });

  it('waits for a free place where more are due than a worker may run, and all run in the end', async () => {
    const { service } = await world.worker('a', { maxRuns: 3 });
    const jobs = Array.from({ length: 12 }, () => named());
    const hints = await Promise.all(jobs.map(async job => (await world.define(job))(at)));
    world.behaviour.workMs = 30;
    service.accept(hints);
    for (const job of jobs) expect(await ended(job.name)).toMatchObject([{ state: 'succeeded' }]);
    const works = jobs.flatMap(job => world.executedOf(job.name));
    const beside = works.map(one =>
      works.filter(two => two.beganAt <= one.beganAt && one.beganAt < (two.endedAt ?? 0)),
    );
    expect(Math.max(...beside.map(those => those.length))).toBeLessThanOrEqual(3);
  });
});

describe('a failing run', () => {
  it('is tried again as often as retry says, each try under its own fence, and ends in the remote’s own words', async () => {
    const { service } = await world.worker('a');
    const job = named({ retry: { limit: 2, backoffMs: 10, factor: 2 } });
    const hint = (await world.define(job))(at);
    world.behaviour.error = new SourceError('62', 'Syntax error near FORM');
    service.accept([hint]);
    expect(await ended(job.name)).toMatchObject([
      { state: 'failed', attempt: 3, fence: 3, error: { code: '62', message: 'Syntax error near FORM' } },
    ]);
    const [alert] = await world.alerts.open(job.name, job.createdRevision);
    expect(alert).toMatchObject({ state: 'error', error: { code: '62' } });
  });

  it('is not tried again when the job was paused in between', async () => {
    const { service } = await world.worker('a');
    const job = named({ retry: { limit: 3, backoffMs: 300, factor: 1 } });
    const hint = (await world.define(job))(at);
    world.behaviour.error = new SourceError('62', 'Syntax error');
    service.accept([hint]);
    await eventually('its first attempt has ended', () => world.executedOf(job.name)[0]?.endedAt);
    await world.define({ ...job, paused: { note: 'night', by: 'ops', at } });
    expect(await ended(job.name)).toMatchObject([{ state: 'cancelled', error: { code: 'changed' } }]);
    expect(world.executedOf(job.name)).toHaveLength(1);
  });

  it('ends at timeoutMs, even where its work minds no signal', async () => {
    const { service } = await world.worker('a');
    const job = named({ timeoutMs: 100 });
    const hint = (await world.define(job))(at);
    Object.assign(world.behaviour, { workMs: 8000, deaf: true });
    service.accept([hint]);
    expect(await ended(job.name)).toMatchObject([{ state: 'timedOut', error: { code: 'timeout' } }]);
  });
});

describe('a member that is lost', () => {
  it('has its `retry` run executed again elsewhere under fence + 1, and its own result counts for nothing', async () => {
    const [a, b] = [await world.worker('a'), await world.worker('b')];
    const job = named();
    const hint = (await world.define(job))(at);
    Object.assign(world.behaviour, { workMs: 700, value: 500 });
    a.service.accept([hint]);
    await eventually('it runs', async () => (await world.runs(job.name))[0]?.startedAt);
    await world.bury(a);
    Object.assign(world.behaviour, { workMs: 0, value: 1 });
    b.service.start();
    expect(await ended(job.name)).toMatchObject([{ state: 'succeeded', fence: 2, lostCount: 1, hostId: 'b' }]);
    await eventually('a notices', () => a.log.has('run.dropped'));
    expect(await world.alerts.open(job.name, job.createdRevision)).toMatchObject([
      { state: 'ok', value: 1, token: { fence: 2 } },
    ]);
  });

  it('has its started `close` run ended as lost', async () => {
    const [a, b] = [await world.worker('a'), await world.worker('b')];
    const job = named({ onLost: 'close' });
    const hint = (await world.define(job))(at);
    world.behaviour.workMs = 60_000;
    a.service.accept([hint]);
    await eventually('it runs', async () => (await world.runs(job.name))[0]?.startedAt);
    await world.bury(a);
    b.service.start();
    expect(await ended(job.name)).toMatchObject([{ state: 'lost', fence: 2 }]);
  });

  it('aborts its runs at its own deadline and settles them itself once it renews again', async () => {
    const { service, member, clocks } = await world.worker('alone');
    const job = named();
    const hint = (await world.define(job))(at);
    world.behaviour.workMs = 60_000;
    service.accept([hint]);
    await eventually('it runs', async () => (await world.runs(job.name))[0]?.startedAt);
    world.behaviour.workMs = 0;
    clocks.pass(11_000);
    await member.renew();
    expect(await ended(job.name)).toMatchObject([{ state: 'succeeded', fence: 2, lostCount: 1 }]);
  });

  it('that was stopped between two attempts makes no further one: what it had is settled with its lease', async () => {
    const { service, member, clocks } = await world.worker('stopped');
    const job = named({ retry: { limit: 1, backoffMs: 300, factor: 1 } });
    const hint = (await world.define(job))(at);
    world.behaviour.error = new SourceError('62', 'Syntax error near FORM');
    service.accept([hint]);
    await eventually('its first attempt', () => world.executedOf(job.name).length === 1);
    clocks.pass(11_000);
    await eventually('its next attempt is written', async () => (await world.runs(job.name))[0]?.fence === 2);
    world.behaviour.error = null;
    await member.renew();
    expect(await ended(job.name)).toMatchObject([{ state: 'succeeded', fence: 3, lostCount: 1 }]);
    expect(world.executedOf(job.name).map(({ fence }) => fence)).toEqual([1, 3]);
  });

  it('gives up what it aborted where its clock keeps it suspended: others run it although it lives', async () => {
    const { service, member, clocks } = await world.worker('wrong', { skewMaxMs: 60_000 });
    const [again, once] = [named(), named({ onLost: 'close' })];
    const hints = [(await world.define(again))(at), (await world.define(once))(at)];
    world.behaviour.workMs = 60_000;
    service.accept(hints);
    for (const { name } of [again, once])
      await eventually('it runs', async () => (await world.runs(name))[0]?.startedAt);
    world.behaviour.workMs = 0;
    (await world.worker('right')).service.start();
    clocks.stepWall(90_000);
    await member.renew();
    expect(member.suspended).toBe(true);
    const [run] = await ended(again.name);
    expect(run).toMatchObject({ state: 'succeeded', lostCount: 1 });
    expect(run?.hostId).not.toBe('wrong');
    expect(await ended(once.name)).toMatchObject([{ state: 'lost', fence: 2 }]);
  });
});

describe('a worker that stops', () => {
  it('leaves nothing running: `retry` runs wait for another member, `close` runs are lost', async () => {
    // Another one would take over at once what is given up.
    await world.close();
    const worker = await world.worker('stopping');
    const [again, once] = [named(), named({ onLost: 'close' })];
    const hints = [(await world.define(again))(at), (await world.define(once))(at)];
    world.behaviour.workMs = 60_000;
    worker.service.accept(hints);
    for (const { name } of [again, once])
      await eventually('it runs', async () => (await world.runs(name))[0]?.startedAt);
    await worker.service.stop(50);
    expect(await world.runs(again.name)).toMatchObject([{ state: 'queued', fence: 2, startedAt: null }]);
    expect(await world.runs(once.name)).toMatchObject([{ state: 'lost', fence: 2 }]);
    await world.bury(worker);
    world.behaviour.workMs = 0;
    (await world.worker('next')).service.start();
    const [run] = await ended(again.name);
    expect(run).toMatchObject({ state: 'succeeded', lostCount: 0 });
    expect(run?.hostId).not.toBe('stopping');
  });
});
