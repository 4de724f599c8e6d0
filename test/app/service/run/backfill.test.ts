import { afterEach, describe, expect, it } from 'vitest';
import type { Job } from '../../../../app/domain/job/types';
import { occurrenceId } from '../../../../app/domain/run/occurrence';
import { calendarModel } from '../../../../app/model/definition';
import { runModel } from '../../../../app/model/run';
import type { BackfillRequest } from '../../../../app/service/run/backfill';
import { useDatabase } from '../../../support/database';
import { eventually } from '../../../support/eventually';
import { jobOf } from '../../../support/job';
import { RunWorld } from '../../../support/runWorld';

const { database } = useDatabase();
const world = new RunWorld(database);
const at = (hour: number) => new Date(Date.UTC(2026, 0, 1, hour));
let count = 0;

async function defined(over: Partial<Job> = {}) {
  count += 1;
  const job = jobOf({ name: `job-${count}`, retry: { limit: 0, backoffMs: 10, factor: 1 }, ...over });
  return { job, hint: await world.define(job) };
}

const span = (from: number, to: number, over: Partial<BackfillRequest> = {}): BackfillRequest => ({
  ...{ from: at(from), to: at(to), overlap: 'queue', concurrency: 1, hostId: null },
  ...over,
});

const ended = (job: string, many: number) => world.ended(job, many);

const hoursOf = (job: string) => world.hoursOf(job);

afterEach(async () => {
  await world.close();
  Object.assign(world.behaviour, { workMs: 0, value: 1, error: null, deaf: false });
});

describe('a backfill', () => {
  it('runs what the schedule would have run, in order, one at a time, whatever the number of workers', async () => {
    const [a, b] = [await world.worker('a'), await world.worker('b')];
    for (const { service } of [a, b]) service.start();
    const { job } = await defined();
    world.behaviour.workMs = 30;
    const answer = await a.service.control.backfill(job.name, span(1, 7), 'ops', false);
    const ids = [1, 2, 3, 4, 5, 6].map(hour => occurrenceId(job.name, at(hour)));
    expect(answer).toEqual({ from: at(1), to: at(7), count: 6, already: 0, runIds: ids });
    const runs = await ended(job.name, 6);
    expect(hoursOf(job.name)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(world.mostAtOnce(job.name)).toBe(1);
    expect(runs.map(run => run._id)).toEqual(ids);
    for (const run of runs) expect(run).toMatchObject({ trigger: 'backfill', requestedBy: 'ops', state: 'succeeded' });
  });

  it('with `allow` runs as many at a time as asked, beside a run of the schedule, begun in order', async () => {
    const { service } = await world.worker('a');
    service.start();
    const { job, hint } = await defined();
    world.behaviour.workMs = 1000;
    service.accept([hint(at(20))]);
    await eventually('the scheduled one runs', () => world.executedOf(job.name).length === 1);
    await service.control.backfill(job.name, span(1, 8, { overlap: 'allow', concurrency: 3 }), 'ops', false);
    const runs = await ended(job.name, 8);
    expect(runs.every(run => run.state === 'succeeded')).toBe(true);
    const backfilled = world.executedOf(job.name).filter(one => one.runId !== occurrenceId(job.name, at(20)));
    const atOnce = (instant: number) =>
      backfilled.filter(one => one.beganAt <= instant && (one.endedAt ?? 0) > instant).length;
    expect(Math.max(...backfilled.map(one => atOnce(one.beganAt)))).toBe(3);
    expect(world.mostAtOnce(job.name)).toBe(4);
    // The three of one moment may begin in any order; a later three not before them.
    const order = hoursOf(job.name).filter(hour => hour !== 20);
    expect(order.slice(0, 3).sort()).toEqual([1, 2, 3]);
    expect(order.slice(3, 6).sort()).toEqual([4, 5, 6]);
  });

  it('with `queue` never runs beside the schedule', async () => {
    const { service } = await world.worker('a');
    service.start();
    const { job, hint } = await defined({ overlap: 'queue' });
    world.behaviour.workMs = 60;
    await service.control.backfill(job.name, span(1, 5), 'ops', false);
    service.accept([hint(at(20))]);
    const runs = await ended(job.name, 5);
    expect(runs.every(run => run.state === 'succeeded')).toBe(true);
    expect(world.mostAtOnce(job.name)).toBe(1);
  });

  it('never runs again what has run, and takes over what was skipped', async () => {
    const { service } = await world.worker('a');
    service.start();
    const { job, hint } = await defined();
    service.accept([hint(at(1))]);
    await ended(job.name, 1);
    await world.define({ ...job, paused: { note: '', by: 'ops', at: at(0) } });
    service.accept([hint(at(2))]);
    expect(await ended(job.name, 2)).toMatchObject([{ state: 'succeeded' }, { state: 'skipped', reason: 'paused' }]);
    const [ran, skipped] = await world.runs(job.name);
    const dry = await service.control.backfill(job.name, span(1, 4), 'ops', true);
    expect(dry).toEqual({ from: at(1), to: at(4), count: 2, already: 1, runIds: [] });
    expect(await world.runs(job.name)).toEqual([ran, skipped]);
    const answer = await service.control.backfill(job.name, span(1, 4), 'ops', false);
    expect(answer).toMatchObject({ count: 2, already: 1 });
    const runs = await ended(job.name, 3);
    expect(runs[0]).toEqual(ran);
    expect(runs[1]).toMatchObject({ state: 'succeeded', reason: null, trigger: 'backfill', fence: 3 });
    expect(await service.control.backfill(job.name, span(1, 4), 'ops', false)).toMatchObject({ count: 0, already: 3 });
  });

  it('asked for twice at the same time runs each occurrence once', async () => {
    const [a, b] = [await world.worker('a'), await world.worker('b')];
    for (const { service } of [a, b]) service.start();
    const { job } = await defined();
    const answers = await Promise.all(
      [a, b].map(({ service }) => service.control.backfill(job.name, span(1, 9), 'ops', false)),
    );
    expect(answers.reduce((sum, answer) => sum + answer.count, 0)).toBe(8);
    await ended(job.name, 8);
    expect(hoursOf(job.name).sort()).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  it('may go below what is settled, and leaves out what lies beyond the job’s bounds', async () => {
    const { service } = await world.worker('a');
    const { job } = await defined({ startAt: at(2), endAt: at(4), plannedFromAt: at(20) });
    const settled = { until: at(10), expireAt: new Date(Date.now() + 86_400_000) };
    await database.db.collection<{ _id: string }>('settlements').insertOne({ _id: job.name, ...settled });
    await service.control.backfill(job.name, span(0, 9), 'ops', false);
    const runs = await ended(job.name, 2);
    expect(runs.map(run => [run.scheduledAt, run.state])).toEqual([
      [at(2), 'succeeded'],
      [at(3), 'succeeded'],
    ]);
  });

  it('makes a record for what only a record of many skips tells of', async () => {
    const { service } = await world.worker('a');
    const { job } = await defined();
    const span5 = { from: at(1), to: at(5), count: 5, state: 'skipped', reason: 'paused' };
    const { job: other, hint } = await defined();
    service.accept([hint(at(1))]);
    const [model] = await ended(other.name, 1);
    const _id = `${occurrenceId(job.name, at(1))}~paused`;
    await database.collection(runModel).insertOne({ ...model, ...span5, _id, job: job.name });
    expect(await service.control.backfill(job.name, span(1, 6), 'ops', false)).toMatchObject({ count: 5, already: 0 });
    const runs = await ended(job.name, 6);
    expect(runs.filter(run => run.state === 'succeeded')).toHaveLength(5);
    expect(runs.find(run => run._id === _id)).toMatchObject(span5);
  });

  it('leaves out what the calendar keeps back', async () => {
    const { service } = await world.worker('a');
    const day = (n: number) => new Date(Date.UTC(2026, 0, n, 0));
    const spec = { kind: 'none', zone: 'UTC', weekend: [6, 7], holidays: [], workdays: [] };
    const stamp = { revision: 1, deleted: false, updatedAt: new Date(), updatedBy: 'test', createdRevision: 1 };
    await database.collection(calendarModel).insertOne({ _id: 'office', spec, ...stamp });
    const { job } = await defined({
      schedule: { cron: '0 9 * * *', zone: 'UTC', dst: 'shift', repeated: 'first' },
      calendar: { name: 'office', on: 'workdays', outside: 'skip' },
    });
    const week = { ...span(0, 0), from: day(5), to: day(12) };
    expect(await service.control.backfill(job.name, week, 'ops', true)).toMatchObject({ count: 5 });
  });
});

describe('a backfill is refused', () => {
  it.each([
    ['that ends in the future', { to: new Date('2099-01-01T00:00:00Z') }, 'to', 'future'],
    ['that ends before it begins', { from: at(5), to: at(5) }, 'from', 'earlier'],
    ['of too many', { from: at(0), to: new Date('2026-03-01T00:00:00Z') }, 'to', 'holds 1,416 occurrences'],
  ])('%s', async (_what, over, path, message) => {
    const { service } = await world.worker('a');
    const { job } = await defined();
    const refused = service.control.backfill(job.name, span(0, 9, over), 'ops', true);
    const fault = { path, message: expect.stringContaining(message) };
    await expect(refused).rejects.toMatchObject({ status: 422, errors: [fault] });
  });

  it('for far too many is quick, and says so', async () => {
    const { service } = await world.worker('a');
    const { job } = await defined({ schedule: { everyMs: 1000, anchorAt: new Date(0) } });
    const began = performance.now();
    const refused = service.control.backfill(job.name, { ...span(0, 9), from: new Date(0) }, 'ops', true);
    await expect(refused).rejects.toThrow('more than 20,000 occurrences');
    expect(performance.now() - began).toBeLessThan(1000);
  });

  it('for a job that is not there', async () => {
    const { service } = await world.worker('a');
    await expect(service.control.backfill('none', span(0, 9), 'ops', true)).rejects.toMatchObject({ status: 404 });
  });
});
