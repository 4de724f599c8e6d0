import type { Document } from 'mongodb';
import { describe, expect, it } from 'vitest';
import type { CheckResult } from '../../../app/domain/alert/types';
import { alertModel } from '../../../app/model/alert';
import { deliveryModel } from '../../../app/model/delivery';
import { muteModel } from '../../../app/model/mute';
import { runModel } from '../../../app/model/run';
import { Alerts } from '../../../app/repository/alerts';
import { conclude } from '../../../app/repository/conclude';
import { Deliveries } from '../../../app/repository/deliveries';
import { Mutes } from '../../../app/repository/mutes';
import { RunOwners } from '../../../app/repository/runOwners';
import { useDatabase } from '../../support/database';
import { jobWith, minute, over, under } from '../domain/alert/fixture';
import { evaluated, runningRun } from './evaluated';

const { database } = useDatabase();
const alerts = new Alerts(database);
const raw = (model: { collection: string }) => database.db.collection<Document & { _id: string }>(model.collection);

const job = jobWith({ name: 'newer', notify: { repeatMs: 60_000 } });

async function check(n: number, result: CheckResult): Promise<void> {
  await conclude(database, await evaluated(alerts, job, await runningRun(database, job, minute(n)), result));
}

/** What a version with one schema more has in the alert besides, in the document and in its first message. */
async function touchedByNewer(): Promise<string> {
  const alert = await raw(alertModel).findOneAndUpdate(
    { job: job.name },
    { $set: { v: 2, later: 1, 'outbox.0.later': 2, 'outbox.0.message.later': 3 } },
  );
  if (alert === null) throw new Error('no alert');
  return alert._id;
}

describe('an alert in which a newer version has fields of its own', () => {
  it('keeps them through evaluations, in messages that wait and in a full outbox too', async () => {
    await check(0, over);
    const _id = await touchedByNewer();
    await check(1, under);
    expect(await raw(alertModel).findOne({ _id })).toMatchObject({
      ...{ v: 2, later: 1, state: 'ok', seq: 2 },
      outbox: [{ seq: 1, later: 2, message: { later: 3 } }, { seq: 2 }],
    });
    for (let n = 2; n < 26; n++) await check(n, over);
    const full = await raw(alertModel).findOne({ _id });
    expect(full?.['outbox']).toHaveLength(20);
    expect(full).toMatchObject({ v: 2, later: 1 });
    expect(full?.['outbox'][0]).toMatchObject({ seq: 1, later: 2, message: { later: 3 } });
  });

  it('hands on to the delivery what its message says', async () => {
    const deliveries = new Deliveries(database, 3_600_000);
    const [owner] = await alerts.withOutbox(1);
    if (owner === undefined) throw new Error('no outbox');
    await deliveries.insert(owner, minute(30));
    const delivery = await raw(deliveryModel).findOne({ _id: `${owner.alertId}:1:ops` });
    expect(delivery).toMatchObject({ message: { later: 3 } });
    const claimed = await database.causally(session =>
      deliveries.claim({ _id: `${owner.alertId}:1:ops`, fence: 0 }, 'host:1:a', session),
    );
    expect(claimed).toMatchObject({ state: 'sending', message: { later: 3 } });
  });
});

describe('a run in which a newer version has fields of its own', () => {
  it('keeps them when it is taken over and when it ends', async () => {
    const run = await runningRun(database, job, minute(100));
    await raw(runModel).updateOne({ _id: run._id }, { $set: { v: 2, later: { deep: 1 } } });
    const owners = new RunOwners(database);
    const [found] = await owners.unfinishedOf([run.member], 10);
    if (found === undefined) throw new Error('no run');
    const to = { member: 'host-b:1:y', hostId: 'host-b', now: minute(101), lostCount: 1 };
    expect(await owners.takeOver(found, to)).toBe(true);
    const again = await evaluated(alerts, job, { ...run, fence: 2 }, under);
    await conclude(database, again);
    expect(await raw(runModel).findOne({ _id: run._id })).toMatchObject({
      ...{ v: 2, later: { deep: 1 }, state: 'succeeded', member: 'host-b:1:y' },
    });
  });
});

describe('a mute in which a newer version has fields of its own', () => {
  it('is in force as far as this version knows it, and keeps them when it ends', async () => {
    const mutes = new Mutes(database);
    const matchers = [{ label: 'job', op: '=' as const, value: 'newer' }];
    const { _id } = await mutes.create({ matchers, startsAt: null, end: { forever: true }, note: '' }, 'test');
    await raw(muteModel).updateOne({ _id }, { $set: { v: 2, later: 1, 'matchers.0.later': 2 } });
    expect(await mutes.active()).toMatchObject([{ matchers }]);
    await mutes.end(_id, 'test');
    expect(await raw(muteModel).findOne({ _id })).toMatchObject({
      ...{ v: 2, later: 1, ended: true },
      matchers: [{ later: 2 }],
    });
  });
});
