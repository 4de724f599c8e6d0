import { afterAll, describe, expect, it } from 'vitest';
import { occurrenceId } from '../../../../app/domain/run/occurrence';
import { jobModel } from '../../../../app/model/definition';
import { type DeliveryDoc, deliveryModel } from '../../../../app/model/delivery';
import { Removals } from '../../../../app/repository/removals';
import { RunQueue } from '../../../../app/repository/runQueue';
import { Runs } from '../../../../app/repository/runs';
import { JobRemoval } from '../../../../app/service/run/jobRemoval';
import { useDatabase } from '../../../support/database';
import { eventually } from '../../../support/eventually';
import { jobOf } from '../../../support/job';
import { RecordedLog } from '../../../support/log';
import { RunWorld } from '../../../support/runWorld';

const { database } = useDatabase();
const world = new RunWorld(database);
const at = new Date('2026-01-01T01:00:00Z');
const log = new RecordedLog();
const removalOf = (quietMs: number) =>
  new JobRemoval({
    removals: new Removals(database),
    queue: new RunQueue(database),
    alerts: world.alerts,
    clock: { now: () => new Date() },
    log,
    alertRetentionDays: 30,
    quietMs,
  });
const removal = removalOf(0);
afterAll(async () => {
  await removal.stop();
  await world.close();
});

/** What the API's DELETE leaves: a tombstone that names what is still to be swept. */
async function deleteJob(name: string, revision: number): Promise<void> {
  await database
    .collection(jobModel)
    .updateOne({ _id: name }, { $set: { deleted: true, spec: null, revision, sweepUpTo: revision } });
}

async function swept(name: string): Promise<void> {
  removal.wake();
  await eventually(`${name} is swept`, async () => {
    const job = await database.collection(jobModel).findOne({ _id: name });
    return job !== null && job['sweepUpTo'] === undefined;
  });
}

async function delivery(job: string, creation: number, state: DeliveryDoc['state'], held = false): Promise<string> {
  const _id = `${job}.${creation}.hash:${state}${held}:hook`;
  await database.collection(deliveryModel).insertOne({ _id, job, alertId: `${job}.${creation}.hash`, state, held });
  return _id;
}

async function stateOf(_id: string): Promise<unknown> {
  return (await database.collection(deliveryModel).findOne({ _id }))?.['state'];
}

describe('JobRemoval', () => {
  it('closes the alerts of a deleted job without a message, also one that a run under way writes after the delete', async () => {
    const { service } = await world.worker('a');
    const job = jobOf({ name: 'late', notify: { channels: ['hook'], repeatMs: null, onResolved: true } });
    const hint = (await world.define(job))(at);
    Object.assign(world.behaviour, { workMs: 800, value: 500 });
    service.accept([hint]);
    await eventually('it runs', async () => (await world.runs(job.name))[0]?.startedAt);
    await deleteJob(job.name, 50);
    removal.start();
    await eventually('its alert was written', async () => (await world.runs(job.name))[0]?.finishedAt);
    await swept(job.name);
    expect(await world.alerts.open(job.name, job.createdRevision)).toEqual([]);
    expect(await world.alerts.withOutbox(100)).toEqual([]);
  });

  it('ends what waits for its lane, unexecuted', async () => {
    const job = jobOf({ name: 'queued', overlap: 'queue' });
    const { revision } = (await world.define(job))(at);
    const { name, onLost, overlap } = job;
    const waiting = { job: name, jobRevision: revision, scheduledAt: at, claimedAt: new Date(), onLost, overlap };
    const id = occurrenceId(name, at);
    await new Runs(database, 30).claim([{ ...waiting, id, trigger: 'schedule', member: 'x:1:y', hostId: 'x' }]);
    expect(await world.runs(name)).toMatchObject([{ state: 'queued' }]);
    await deleteJob(name, 55);
    await swept(name);
    expect(await world.runs(name)).toMatchObject([{ state: 'skipped', reason: 'changed', fence: 2 }]);
  });

  it('drops what was not sent, leaves history alone, and touches nothing of a job made anew', async () => {
    await world.define(jobOf({ name: 'again' }));
    await deleteJob('again', 60);
    const dropped = [await delivery('again', 1, 'pending'), await delivery('again', 1, 'muted', true)];
    const kept = [
      await delivery('again', 1, 'sent'),
      await delivery('again', 1, 'muted'),
      await delivery('again', 61, 'pending'),
    ];
    const before = await Promise.all(kept.map(stateOf));
    await swept('again');
    expect(await Promise.all(dropped.map(stateOf))).toEqual(['failed', 'failed']);
    expect(await Promise.all(kept.map(stateOf))).toEqual(before);
  });

  it('drops also what a member writes that had read it before the deletion', async () => {
    // The other one would end the removal at once.
    await removal.stop();
    const patient = removalOf(700);
    await world.define(jobOf({ name: 'belated' }));
    await deleteJob('belated', 70);
    patient.wake();
    await patient.stop();
    const belated = await delivery('belated', 1, 'pending');
    const next = removalOf(0);
    next.wake();
    await eventually('dropped', async () => (await stateOf(belated)) === 'failed');
    await next.stop();
  });
});
