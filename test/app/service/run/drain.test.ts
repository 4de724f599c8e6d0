import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import type { Job } from '../../../../app/domain/job/types';
import { occurrenceId } from '../../../../app/domain/run/occurrence';
import { givenUp } from '../../../../app/model/run';
import { Runs } from '../../../../app/repository/runs';
import { useDatabase } from '../../../support/database';
import { eventually } from '../../../support/eventually';
import { jobOf } from '../../../support/job';
import { RunWorld, type TestWorker } from '../../../support/runWorld';

const { database } = useDatabase();
const world = new RunWorld(database);
const at = new Date('2026-01-01T01:00:00Z');
let count = 0;

afterEach(async () => {
  await world.close();
  Object.assign(world.behaviour, { workMs: 0, deaf: false });
});
afterAll(() => world.close());

function named(over: Partial<Job> = {}): Job {
  count += 1;
  return jobOf({ name: `drained-${count}`, ...over });
}

async function drained(hostId: string): Promise<TestWorker> {
  const worker = await world.worker(hostId);
  worker.member.hostDrains = true;
  worker.service.start();
  return worker;
}

/** A run that is executed by this worker until it is aborted or has had its time. */
async function running({ service }: TestWorker, job: Job): Promise<void> {
  service.accept([(await world.define(job))(at)]);
  await eventually('it runs', async () => (await world.runs(job.name))[0]?.startedAt);
}

const startedBy = (job: Job) => world.executedOf(job.name).map(({ worker }) => worker);

describe('a member of a host that is drained', () => {
  it('claims nothing that is announced to it', async () => {
    const { service } = await drained('a');
    const job = named();
    service.accept([(await world.define(job))(at)]);
    await service.stop(0);
    expect(await world.runs(job.name)).toEqual([]);
  });

  it('takes nothing over, others do', async () => {
    const dying = await world.worker('dying');
    const job = named();
    world.behaviour.workMs = 60_000;
    await running(dying, job);
    world.behaviour.workMs = 0;
    await drained('a');
    await world.bury(dying);
    // Several sweeps: it leaves the run as it is.
    await sleep(300);
    expect(await world.runs(job.name)).toMatchObject([{ fence: 1, member: dying.member.memberId }]);
    (await world.worker('b')).service.start();
    await world.ended(job.name);
    expect(startedBy(job)).toEqual(['dying', 'b']);
  });

  it('queues what a person asks for, and another host runs it', async () => {
    const { service } = await drained('a');
    (await world.worker('b')).service.start();
    for (const overlap of ['skip', 'allow', 'queue', 'replace'] as const) {
      const job = named({ overlap });
      await world.define(job);
      const runId = await service.control.run(job.name, 'ops', null);
      expect(await world.ended(job.name)).toMatchObject([
        { _id: runId, state: 'succeeded', hostId: 'b', lostCount: 0 },
      ]);
      expect(startedBy(job)).toEqual(['b']);
    }
  });

  it('lets a run go on until its time is over, then hands it over', async () => {
    const a = await world.worker('a');
    const [again, once] = [named(), named({ onLost: 'close' })];
    world.behaviour.workMs = 60_000;
    for (const job of [again, once]) await running(a, job);
    a.member.hostDrains = true;
    const now = a.member.clock.now().getTime();
    a.service.drained(new Date(now + 60_000));
    await a.member.renew();
    expect(world.executedOf(again.name)).toMatchObject([{ endedAt: null }]);
    world.behaviour.workMs = 0;
    (await world.worker('b')).service.start();
    a.service.drained(new Date(now - 1));
    expect(await world.ended(again.name)).toMatchObject([{ state: 'succeeded', hostId: 'b', lostCount: 0, fence: 3 }]);
    expect(await world.ended(once.name)).toMatchObject([{ state: 'lost', fence: 2 }]);
  });
});

describe('a member that ends', () => {
  it('gives up at once what it has claimed and does not execute, while what it executes goes on', async () => {
    const a = await world.worker('a');
    const [executed, idle] = [named(), named()];
    world.behaviour.workMs = 60_000;
    await running(a, executed);
    const { name: job, revision: jobRevision, onLost } = idle;
    const { memberId: member, hostId } = a.member;
    const times = { scheduledAt: at, claimedAt: at };
    const fields = { job, jobRevision, onLost, member, hostId, ...times };
    const claim = { id: occurrenceId(job, at), trigger: 'schedule', overlap: 'skip', ...fields } as const;
    await new Runs(database, 30).claim([claim]);
    const stopped = a.service.stop(3000);
    await eventually('it is nobody’s', async () => (await world.runs(job))[0]?.member === givenUp, 2500);
    expect(await world.runs(executed.name)).toMatchObject([{ state: 'running', member }]);
    await stopped;
  });
});

describe('at the end of a drain', () => {
  it('a run is nobody’s until its work has ended, and a deaf one is handed over a second later', async () => {
    const a = await world.worker('a');
    const [heard, deaf] = [named(), named()];
    world.behaviour.workMs = 60_000;
    await running(a, heard);
    Object.assign(world.behaviour, { workMs: 5000, deaf: true });
    await running(a, deaf);
    const from = performance.now();
    await a.service.stop(0);
    expect(performance.now() - from).toBeGreaterThan(950);
    expect(world.executedOf(deaf.name)).toMatchObject([{ endedAt: null }]);
    const released = a.log.lines.filter(({ event }) => event === 'run.released').map(({ fields }) => fields['jobId']);
    expect(new Set(released)).toEqual(new Set([heard.name, deaf.name]));
    for (const { name } of [heard, deaf]) expect(await world.runs(name)).toMatchObject([{ state: 'queued', fence: 2 }]);
  });
});
