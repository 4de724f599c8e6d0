import { afterEach, describe, expect, it } from 'vitest';
import type { Job, Overlap } from '../../../../app/domain/job/types';
import { occurrenceId } from '../../../../app/domain/run/occurrence';
import { memberModel } from '../../../../app/model/member';
import { Drains } from '../../../../app/repository/drains';
import { useDatabase } from '../../../support/database';
import { eventually } from '../../../support/eventually';
import { jobOf } from '../../../support/job';
import { RunWorld, type TestWorker } from '../../../support/runWorld';

const { database } = useDatabase();
const world = new RunWorld(database);
const at = new Date('2026-01-01T01:00:00Z');
const everyHost = { on: 'every-host' as const, hostLabels: {} };
let count = 0;

async function defined(over: Partial<Job> = {}) {
  count += 1;
  const job = jobOf({
    ...{ name: `job-${count}`, retry: { limit: 0, backoffMs: 10, factor: 1 }, placement: everyHost },
    ...over,
  });
  return { job, hint: await world.define(job) };
}

/** A worker of a host of its own for this test. */
async function workerOn(host: string, over: Parameters<RunWorld['worker']>[1] = {}): Promise<TestWorker> {
  const worker = await world.worker(`${host}-${count}`, over);
  worker.service.start();
  return worker;
}

const hostOf = ({ member }: TestWorker) => member.hostId;
/** Every member of this test is gone, as if a day had passed. */
const forgetAll = () => database.collection(memberModel).deleteMany({});

afterEach(async () => {
  await world.close();
  await forgetAll();
  Object.assign(world.behaviour, { workMs: 0, value: 1, error: null, deaf: false });
});

describe('an occurrence that every host runs', () => {
  it.each(['skip', 'queue', 'replace', 'allow'] as const)(
    'is run once by each host, whichever of its workers hears of it, with overlap %s',
    async (overlap: Overlap) => {
      const { job, hint } = await defined({ overlap });
      const [a, again, b] = [await workerOn('a'), await workerOn('a'), await workerOn('b')];
      world.behaviour.workMs = 100;
      for (const { service } of [a, again, b, a]) service.accept([hint(at)]);
      const runs = await world.ended(job.name, 2);
      expect(runs.map(({ _id, hostId, state }) => [_id, hostId, state])).toEqual(
        [a, b].map(worker => [occurrenceId(job.name, at, hostOf(worker)), hostOf(worker), 'succeeded']),
      );
      expect(world.executedOf(job.name)).toHaveLength(2);
    },
  );

  it('gives way to its own host only', async () => {
    const { job, hint } = await defined();
    const [a, b] = [await workerOn('a'), await workerOn('b')];
    world.behaviour.workMs = 60_000;
    a.service.accept([hint(at)]);
    await eventually('a runs', () => world.executedOf(job.name).length === 1);
    const next = new Date(at.getTime() + 3_600_000);
    for (const { service } of [a, b]) service.accept([hint(next)]);
    await eventually('b runs the next', () => world.executedOf(job.name).length === 2);
    const skipped = await eventually('a gives way', async () => {
      const found = (await world.runs(job.name)).filter(run => run.state === 'skipped');
      return found.length > 0 && found;
    });
    expect(skipped.map(({ hostId, reason }) => [hostId, reason])).toEqual([[hostOf(a), 'overlap']]);
  });

  it('is not begun by a definition that has become one for one host: the claim is taken back', async () => {
    const { job, hint } = await defined();
    const a = await workerOn('a');
    await world.define({ ...job, placement: { on: 'one', hostLabels: {} } });
    a.service.accept([hint(at)]);
    await eventually('taken back', () => a.log.lines.some(({ event }) => event === 'run.misplaced'));
    expect(await world.runs(job.name)).toEqual([]);
  });
});

describe('a lost run of a host', () => {
  async function lostOn(host: string, over: Partial<Job> = {}) {
    const { job, hint } = await defined(over);
    const lost = await workerOn(host);
    world.behaviour.workMs = 60_000;
    lost.service.accept([hint(at)]);
    await eventually('it runs', async () => (await world.runs(job.name))[0]?.startedAt);
    return { job, lost };
  }

  it('is taken over by another worker of that host, and by no other host however long that looks', async () => {
    const { job, lost } = await lostOn('a');
    const other = await workerOn('b');
    const sibling = await world.worker(hostOf(lost));
    await world.bury(lost);
    world.behaviour.workMs = 0;
    for (let times = 0; times < 3; times += 1) await other.member.renew();
    expect(await world.runs(job.name)).toMatchObject([{ fence: 1, state: 'running' }]);
    sibling.service.start();
    expect(await world.ended(job.name)).toMatchObject([{ state: 'succeeded', fence: 2, hostId: hostOf(lost) }]);
    expect(world.executedOf(job.name).map(({ worker }) => worker)).toEqual([hostOf(lost), hostOf(lost)]);
  });

  it('ends as lost with the reason when nobody of that host comes back within three leases', async () => {
    const { job, lost } = await lostOn('a');
    await workerOn('b', { leaseMs: 100 });
    await world.bury(lost);
    const [run] = await world.ended(job.name);
    expect(run).toMatchObject({ state: 'lost', hostId: hostOf(lost), error: { code: 'hostLost' } });
    expect(run?.error?.message).toContain(`its host ${hostOf(lost)} is gone or drained`);
    expect(run?.slot).toBeUndefined();
    expect(world.executedOf(job.name)).toHaveLength(1);
  });

  it('ends so too when its host is drained and stays', async () => {
    const { job, lost } = await lostOn('a');
    await world.worker(hostOf(lost));
    const drains = new Drains(database);
    await drains.ask(hostOf(lost), 'ops', { givenMs: null, defaultMs: 1000 });
    await workerOn('b', { leaseMs: 100 });
    await world.bury(lost);
    expect(await world.ended(job.name)).toMatchObject([{ state: 'lost', error: { code: 'hostLost' } }]);
    await drains.end(hostOf(lost));
  });

  it('ends at once where it may not run twice, whoever sees it', async () => {
    const { job, lost } = await lostOn('a', { onLost: 'close' });
    await workerOn('b');
    await world.bury(lost);
    expect(await world.ended(job.name)).toMatchObject([{ state: 'lost', error: { code: 'memberLost' } }]);
  });
});

describe('what a person asks of a job that every host runs', () => {
  it.each(['skip', 'queue', 'replace', 'allow'] as const)(
    'is run by the host that answers, or by the one that is named (%s)',
    async overlap => {
      const { job } = await defined({ overlap });
      const [a, b] = [await workerOn('a'), await workerOn('b')];
      const here = await a.service.control.run(job.name, 'ops', null);
      const there = await a.service.control.run(job.name, 'ops', null, hostOf(b));
      const runs = await world.ended(job.name, 2);
      const hosts = Object.fromEntries(runs.map(run => [run._id, run.hostId]));
      expect(hosts).toEqual({ [here]: hostOf(a), [there]: hostOf(b) });
    },
  );

  it('is refused with a sentence for a host that does not run it', async () => {
    const { job } = await defined();
    const a = await workerOn('a');
    await expect(a.service.control.run(job.name, 'ops', null, 'none')).rejects.toMatchObject({
      status: 409,
      message: `The host "none" does not run this job now; these do: ${hostOf(a)}.`,
    });
    const plain = await defined({ placement: { on: 'one', hostLabels: {} } });
    await expect(a.service.control.run(plain.job.name, 'ops', null, hostOf(a))).rejects.toMatchObject({ status: 422 });
  });

  it('is backfilled on every host, or on the one that is named, each under its own keys', async () => {
    const { job } = await defined();
    const [a, b] = [await workerOn('a'), await workerOn('b')];
    const request = { overlap: 'queue' as const, concurrency: 1, hostId: null };
    const hours = (from: number, to: number) => ({
      from: new Date(at.getTime() + from * 3_600_000),
      to: new Date(at.getTime() + to * 3_600_000),
    });
    const all = await a.service.control.backfill(job.name, { ...request, ...hours(0, 2) }, 'ops', false);
    expect(all).toMatchObject({ count: 4, already: 0 });
    const one = { ...request, ...hours(2, 3), hostId: hostOf(b) };
    expect(await a.service.control.backfill(job.name, one, 'ops', false)).toMatchObject({ count: 1 });
    const runs = await world.ended(job.name, 5);
    for (const run of runs) expect(run._id).toBe(occurrenceId(job.name, run.scheduledAt, run.hostId));
    expect(runs.filter(run => run.hostId === hostOf(b))).toHaveLength(3);
    expect(new Set(runs.map(run => run.state))).toEqual(new Set(['succeeded']));
    expect(await b.service.control.backfill(job.name, { ...request, ...hours(0, 3) }, 'ops', true)).toMatchObject({
      count: 1,
      already: 5,
    });
  });
});

describe('alerts of a job that every host runs', () => {
  const open = async (job: Job) =>
    (await world.alerts.open(job.name, job.createdRevision))
      .map(({ series, state, absentCount }) => ({ series, state, absentCount }))
      .sort((x, y) => ((x.series['host'] ?? '') < (y.series['host'] ?? '') ? -1 : 1));
  const hourly = (hour: number) => new Date(at.getTime() + hour * 3_600_000);

  it('are one for each host, and no host counts another one’s series as absent', async () => {
    const { job, hint } = await defined();
    const [a, b] = [await workerOn('a'), await workerOn('b')];
    for (let hour = 0; hour < 7; hour += 1) {
      for (const [index, { service }] of [a, b].entries()) {
        world.behaviour.value = index === 0 ? 1 : 101;
        service.accept([hint(hourly(hour))]);
        await world.ended(job.name, hour * 2 + index + 1);
      }
    }
    expect(await open(job)).toEqual([
      { series: { host: hostOf(a) }, state: 'ok', absentCount: 0 },
      { series: { host: hostOf(b) }, state: 'firing', absentCount: 0 },
    ]);
  });

  it('are judged by all hosts at the same time without one losing what another writes', async () => {
    const { job, hint } = await defined();
    const workers = [await workerOn('a'), await workerOn('b'), await workerOn('c')];
    world.behaviour.value = 101;
    for (let hour = 0; hour < 5; hour += 1) for (const { service } of workers) service.accept([hint(hourly(hour))]);
    await eventually('all told', async () => {
      const runs = await world.runs(job.name);
      return runs.length === 15 && runs.every(run => run.finishedAt !== null);
    });
    expect((await open(job)).map(({ state }) => state)).toEqual(['firing', 'firing', 'firing']);
  });

  it('of a host that nobody has known for a day are closed by the others; those of one that is only down are not', async () => {
    const { job, hint } = await defined();
    const [a, b] = [await workerOn('a'), await workerOn('b')];
    world.behaviour.value = 101;
    for (const { service } of [a, b]) service.accept([hint(hourly(0))]);
    await world.ended(job.name, 2);
    await world.bury(b);
    a.service.accept([hint(hourly(1))]);
    await world.ended(job.name, 3);
    expect((await open(job)).map(({ state }) => state)).toEqual(['firing', 'firing']);
    await database.collection(memberModel).deleteMany({ hostId: hostOf(b) });
    let hour = 2;
    await eventually('closed by the next evaluation that sees it', async () => {
      a.service.accept([hint(hourly(hour))]);
      await world.ended(job.name, hour + 2);
      hour += 1;
      return (await open(job)).length === 1;
    });
    expect(await open(job)).toEqual([{ series: { host: hostOf(a) }, state: 'firing', absentCount: 0 }]);
  });

  it('replace those from before every host ran it', async () => {
    const { job } = await defined();
    const one = { ...job, placement: { on: 'one' as const, hostLabels: {} } };
    const a = await workerOn('a');
    a.service.accept([(await world.define(one))(hourly(0))]);
    await world.ended(job.name, 1);
    expect(await open(job)).toMatchObject([{ series: {} }]);
    a.service.accept([(await world.define(job))(hourly(1))]);
    await world.ended(job.name, 2);
    expect(await open(job)).toMatchObject([{ series: { host: hostOf(a) } }]);
  });
});
