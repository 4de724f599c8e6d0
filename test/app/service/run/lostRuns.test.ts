import { afterAll, afterEach, describe, expect, it } from 'vitest';
import type { Job } from '../../../../app/domain/job/types';
import { occurrenceId } from '../../../../app/domain/run/occurrence';
import { runModel } from '../../../../app/model/run';
import { Members } from '../../../../app/repository/members';
import type { NewRun } from '../../../../app/repository/runDocument';
import { Runs } from '../../../../app/repository/runs';
import { useDatabase } from '../../../support/database';
import { eventually } from '../../../support/eventually';
import { jobOf } from '../../../support/job';
import { memberOf } from '../../../support/members';
import { RunWorld, type TestWorker } from '../../../support/runWorld';

const { database } = useDatabase();
const world = new RunWorld(database);
const runs = new Runs(database, 30);
const at = new Date('2026-01-01T01:00:00Z');
let count = 0;

function named(over: Partial<Job> = {}): Job {
  count += 1;
  return jobOf({ name: `job-${count}`, retry: { limit: 0, backoffMs: 10, factor: 1 }, ...over });
}

/** The occurrence is recorded as claimed by this member; nobody executes it. */
async function claimedBy(member: string, job: Job): Promise<void> {
  const { revision } = (await world.define(job))(at);
  const { name, onLost, overlap } = job;
  const claim: NewRun = {
    ...{ id: occurrenceId(name, at), job: name, jobRevision: revision, trigger: 'schedule', onLost, overlap },
    ...{ scheduledAt: at, claimedAt: at, member, hostId: member.split(':')[0] ?? '' },
  };
  expect((await runs.claim([claim])).won).toHaveLength(1);
}

/** A worker executes the job, and goes on with it although it is called dead. */
async function deadWhileItRuns(worker: TestWorker, job: Job): Promise<void> {
  const hint = await world.define(job);
  world.behaviour.workMs = 60_000;
  worker.service.accept([hint(at)]);
  await eventually('it runs', async () => (await world.runs(job.name))[0]?.startedAt);
  await world.bury(worker);
  world.behaviour.workMs = 0;
}

afterEach(async () => {
  await world.close();
  Object.assign(world.behaviour, { workMs: 0, value: 1, error: null, deaf: false });
});
afterAll(() => world.close());

describe('a record of a member that does not execute it', () => {
  it('is left for one renewal, in case it is about to, and released at the second', async () => {
    const { member } = await world.worker('own');
    const job = named();
    await claimedBy(member.memberId, job);
    const executing = await world.worker('other');
    executing.service.start();
    await member.renew();
    await executing.member.renew();
    expect(await world.runs(job.name)).toMatchObject([{ state: 'running', fence: 1, startedAt: null }]);
    await eventually('released', async () => {
      await member.renew();
      return (await world.runs(job.name))[0]?.fence === 2;
    });
    expect(await world.ended(job.name)).toMatchObject([{ state: 'succeeded', fence: 2, lostCount: 0 }]);
  });

  it('is not touched while it is executed, however many renewals pass', async () => {
    const { member, service } = await world.worker('busy');
    const job = named();
    const hint = await world.define(job);
    world.behaviour.workMs = 800;
    service.accept([hint(at)]);
    await eventually('it runs', async () => (await world.runs(job.name))[0]?.startedAt);
    for (let times = 0; times < 4; times += 1) await member.renew();
    expect(await world.ended(job.name)).toMatchObject([{ state: 'succeeded', fence: 1 }]);
  });
});

describe('a take-over', () => {
  it('of what had not started counts as no loss, whatever it means to lose it', async () => {
    const gone = await world.worker('gone');
    const job = named({ onLost: 'close' });
    await claimedBy(gone.member.memberId, job);
    await world.bury(gone);
    (await world.worker('next')).service.start();
    expect(await world.ended(job.name)).toMatchObject([{ state: 'succeeded', fence: 2, lostCount: 0, attempt: 1 }]);
  });

  it('counts apart from the attempts of retry, and ends behind the third', async () => {
    const job = named({ retry: { limit: 1, backoffMs: 10, factor: 1 } });
    await deadWhileItRuns(await world.worker('gone'), job);
    const id = occurrenceId(job.name, at);
    await database.collection(runModel).updateOne({ _id: id }, { $set: { lostCount: 2 } });
    world.behaviour.workMs = 60_000;
    const third = await world.worker('third');
    third.service.start();
    await eventually('it runs again', async () => {
      const [run] = await world.runs(job.name);
      return run?.fence === 2 && run.startedAt;
    });
    expect(await world.runs(job.name)).toMatchObject([{ lostCount: 3, attempt: 1 }]);
    await world.bury(third);
    (await world.worker('fourth')).service.start();
    expect(await world.ended(job.name)).toMatchObject([{ state: 'lost', fence: 3, error: { code: 'memberLost' } }]);
  });

  it('minds the newest definition: of a job that was paused meanwhile nothing is run', async () => {
    const job = named();
    await deadWhileItRuns(await world.worker('gone'), job);
    const before = world.executed.length;
    await world.define({ ...job, paused: { note: 'night', by: 'ops', at } });
    (await world.worker('next')).service.start();
    expect(await world.ended(job.name)).toMatchObject([{ state: 'skipped', reason: 'paused' }]);
    expect(world.executed).toHaveLength(before);
  });

  it('takes nothing from a member that comes between its look at the runs and that at the members', async () => {
    const dead = await world.worker('dead');
    const [lost, fresh] = [named(), named()];
    await claimedBy(dead.member.memberId, lost);
    await world.bury(dead);
    const comer = memberOf(database, { hostId: 'comer' });
    const members = new Interrupted(database);
    members.afterLook = async () => {
      members.afterLook = async () => {};
      await comer.member.renew();
      await claimedBy(comer.member.memberId, fresh);
    };
    (await world.worker('sweeping', { members })).service.start();
    expect(await world.ended(lost.name)).toMatchObject([{ fence: 2 }]);
    expect(await world.runs(fresh.name)).toMatchObject([{ member: comer.member.memberId, fence: 1 }]);
  });
});

/** Something happens directly behind a look at the members. */
class Interrupted extends Members {
  afterLook: () => Promise<void> = async () => {};

  override async liveOf(ids: readonly string[]): Promise<Set<string>> {
    const live = await super.liveOf(ids);
    await this.afterLook();
    return live;
  }

  override async live() {
    const live = await super.live();
    await this.afterLook();
    return live;
  }
}
