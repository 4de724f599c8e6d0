import { describe, expect, it } from 'vitest';
import { AlertConflictError } from '../../../app/domain/alert/errors';
import type { CheckResult, EvaluatedJob } from '../../../app/domain/alert/types';
import { FenceLostError } from '../../../app/domain/run/errors';
import { alertModel } from '../../../app/model/alert';
import { runModel } from '../../../app/model/run';
import { Alerts } from '../../../app/repository/alerts';
import { conclude, concluded } from '../../../app/repository/conclude';
import { useDatabase } from '../../support/database';
import { hosts, jobWith, minute, over, under, value } from '../domain/alert/fixture';
import { evaluated, expireAt, runningRun, storedRun } from './evaluated';

const { database } = useDatabase();
const alerts = new Alerts(database);

/** A run of minute n through to its end. */
async function check(job: EvaluatedJob, n: number, result: CheckResult): Promise<void> {
  await conclude(database, await evaluated(alerts, job, await runningRun(database, job, minute(n)), result));
}

async function only(job: EvaluatedJob) {
  const [alert, ...others] = await alerts.open(job.name, job.createdRevision);
  expect(others).toEqual([]);
  if (alert === undefined) throw new Error('no open alert');
  return alert;
}

async function history(job: EvaluatedJob) {
  const { alertId } = await only(job);
  const { items } = await alerts.transitions(alertId, { limit: 100 });
  return items.reverse().map(({ seq, from, to, at, runId }) => ({ seq, from, to, at, runId }));
}

describe('conclude', () => {
  it('finishes the run, gives its slot up, and stores alert, transition and message together', async () => {
    const job = jobWith({ name: 'whole' });
    const run = await runningRun(database, job, minute(0), { slot: job.name });
    const input = await evaluated(alerts, job, run, over);
    await conclude(database, input);

    const stored = await storedRun(database, run._id);
    expect(stored).toMatchObject({ state: 'succeeded', finishedAt: minute(0), outcome: { series: 1 } });
    expect(stored).not.toHaveProperty('slot');
    expect(await only(job)).toEqual(input.after[0]);
    expect((await only(job)).outbox).toMatchObject([{ seq: 1, kind: 'firing', message: { value: 101 } }]);
    expect(await history(job)).toEqual([{ seq: 1, from: 'ok', to: 'firing', at: minute(0), runId: run._id }]);
  });

  it.each([
    ['another fence', { fence: 2 }],
    ['a run that has ended', { state: 'lost' }],
  ] as const)('with %s throws FenceLostError and applies nothing', async (what, change) => {
    const job = jobWith({ name: `fence-${what.length}` });
    const run = await runningRun(database, job, minute(0));
    const input = await evaluated(alerts, job, run, over);
    await database.collection(runModel).updateOne({ _id: run._id }, { $set: change });
    await expect(conclude(database, input)).rejects.toThrow(FenceLostError);
    expect(await alerts.open(job.name, job.createdRevision)).toEqual([]);
    expect(await storedRun(database, run._id)).toMatchObject({ finishedAt: null, ...change });
  });

  it('where an alert has changed since it was read throws AlertConflictError and leaves the run running', async () => {
    const job = jobWith({ name: 'changed' });
    await check(job, 0, under);
    const run = await runningRun(database, job, minute(1));
    const input = await evaluated(alerts, job, run, over);
    await check(job, 2, under);
    await expect(conclude(database, input)).rejects.toThrow(AlertConflictError);
    expect(await storedRun(database, run._id)).toMatchObject({ state: 'running' });
    expect((await only(job)).state).toBe('ok');
    expect(await history(job)).toEqual([]);
  });

  it('of two that race on one alert one conflicts, and evaluated again both histories are right', async () => {
    const job = jobWith({ name: 'race' });
    for (let round = 0; round < 5; round++) {
      const at = round * 10;
      await check(job, at, over);
      const runs = await Promise.all([1, 2].map(n => runningRun(database, job, minute(at + n))));
      const results = [under, over];
      const inputs = await Promise.all(runs.map((run, n) => evaluated(alerts, job, run, results[n] ?? over)));
      const ends = await Promise.allSettled(inputs.map(input => conclude(database, input)));
      const failed = ends.findIndex(end => end.status === 'rejected');
      expect(ends.filter(end => end.status === 'rejected').map(end => end.reason)).toEqual([
        expect.any(AlertConflictError),
      ]);
      const again = runs[failed];
      if (again === undefined) throw new Error('one of the two conflicts');
      await conclude(database, await evaluated(alerts, job, again, results[failed] ?? over));

      const after = await only(job);
      expect(after).toMatchObject({ state: 'firing', token: { scheduledAt: minute(at + 2) } });
      const states = await Promise.all(runs.map(run => storedRun(database, run._id)));
      expect(states.map(({ state }) => state)).toEqual(['succeeded', 'succeeded']);
    }
    const chain = await history(job);
    expect(chain.map(({ from }) => from)).toEqual(['ok', ...chain.slice(0, -1).map(({ to }) => to)]);
    expect(new Set(chain.map(({ seq }) => seq)).size).toBe(chain.length);
  });

  it('of two that make the same new alert one conflicts', async () => {
    const job = jobWith({ name: 'new-race' });
    const runs = await Promise.all([1, 2].map(n => runningRun(database, job, minute(n))));
    const inputs = await Promise.all(runs.map(run => evaluated(alerts, job, run, over)));
    const ends = await Promise.allSettled(inputs.map(input => conclude(database, input)));
    expect(ends.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(ends.find(end => end.status === 'rejected')).toMatchObject({ reason: expect.any(AlertConflictError) });
  });

  it('keeps labels with any characters, dots and dollars too', async () => {
    const job = jobWith({ name: 'odd-labels' });
    const labels = { 'a.b': '1', $c: '$d', '': 'é"' };
    await check(job, 0, value(200, labels));
    await check(job, 1, value(1, labels));
    expect(await only(job)).toMatchObject({ state: 'ok', series: labels });
    expect((await only(job)).outbox.map(({ message }) => message.series)).toEqual([labels, labels]);
  });

  it('adds its messages beside what a relay pulled meanwhile', async () => {
    const job = jobWith({ name: 'pulled' });
    await check(job, 0, over);
    const input = await evaluated(alerts, job, await runningRun(database, job, minute(1)), under);
    const { alertId } = await only(job);
    await alerts.pullOutbox(alertId, [1]);
    await conclude(database, input);
    expect((await only(job)).outbox.map(({ seq, kind }) => [seq, kind])).toEqual([[2, 'resolved']]);
    expect((await alerts.withOutbox(1000)).map(alert => alert.alertId)).toContain(alertId);
  });

  it('keeps an outbox that nobody relays within its limit', async () => {
    const job = jobWith({ name: 'not-relayed', notify: { repeatMs: 1 } });
    for (let n = 0; n < 23; n++) await check(job, n, over);
    const { outbox } = await only(job);
    expect(outbox).toHaveLength(20);
    expect([outbox[0]?.seq, outbox[1]?.seq, outbox.at(-1)?.seq]).toEqual([1, 5, 23]);
  });

  it('gives a closed alert an end, and takes it back when its series returns', async () => {
    const job = jobWith({ name: 'gone' });
    await check(job, 0, hosts({ a: 200, b: 1 }));
    const [fired] = (await alerts.open(job.name, 7)).filter(({ state }) => state === 'firing');
    const alertId = fired?.alertId ?? '';
    for (let n = 1; n <= 5; n++) await check(job, n, hosts({ b: 1 }));
    expect(await alerts.get(alertId)).toMatchObject({ closed: true, seq: 3 });
    expect(await database.collection(alertModel).findOne({ _id: alertId })).toMatchObject({ expireAt });

    await check(job, 6, hosts({ a: 200, b: 1 }));
    expect(await alerts.get(alertId)).toMatchObject({ closed: false, state: 'firing', seq: 4 });
    expect(await database.collection(alertModel).findOne({ _id: alertId })).not.toHaveProperty('expireAt');
  });
});

describe('1,000 series', () => {
  const many = (number: number) => hosts(Object.fromEntries(Array.from({ length: 1000 }, (_, n) => [`h${n}`, number])));

  it('are applied in chunks, and only the last finishes the run', async () => {
    const job = jobWith({ name: 'many' });
    await check(job, 0, many(200));
    await check(job, 1, many(1));
    const stored = await alerts.open(job.name, 7);
    expect(stored).toHaveLength(1000);
    expect(stored.every(({ state, seq }) => state === 'ok' && seq === 2)).toBe(true);
    const run = await storedRun(database, `many@${minute(1).toISOString()}`);
    expect(run.state).toBe('succeeded');
    expect(run.chunks).toBeUndefined();
  });

  it('cut off between chunks leave the run running, and its next owner tells each message once', async () => {
    const job = jobWith({ name: 'cut' });
    await check(job, 0, many(1));
    const run = await runningRun(database, job, minute(1), { slot: job.name });
    const input = await evaluated(alerts, job, run, many(200));
    // The third chunk finds an alert that another evaluation has written: what stands before it is applied.
    const late = input.after[500]?.alertId ?? '';
    await database.collection(alertModel).updateOne({ _id: late }, { $inc: { seq: 1 } });
    await expect(conclude(database, input)).rejects.toThrow(AlertConflictError);
    expect(await storedRun(database, run._id)).toMatchObject({ state: 'running', slot: job.name, chunks: 2 });
    const partly = await alerts.open(job.name, 7);
    expect(partly.filter(({ state }) => state === 'firing')).toHaveLength(400);

    await database.collection(runModel).updateOne({ _id: run._id }, { $inc: { fence: 1 } });
    await expect(conclude(database, input)).rejects.toThrow(FenceLostError);
    const next = await storedRun(database, run._id);
    await conclude(database, await evaluated(alerts, job, next, many(200)));
    const all = await alerts.open(job.name, 7);
    expect(
      all.every(({ state, token, outbox }) => state === 'firing' && token.fence === 2 && outbox.length === 1),
    ).toBe(true);
    expect(await storedRun(database, run._id)).toMatchObject({ state: 'succeeded' });
  });

  it('evaluated again under the same fence after a conflict leave alone what was applied', async () => {
    const job = jobWith({ name: 'again' });
    await check(job, 0, many(1));
    const run = await runningRun(database, job, minute(1));
    const input = await evaluated(alerts, job, run, many(200));
    const late = input.after[500]?.alertId ?? '';
    await database.collection(alertModel).updateOne({ _id: late }, { $inc: { seq: 1 } });
    await expect(conclude(database, input)).rejects.toThrow(AlertConflictError);
    const rest = await evaluated(alerts, job, run, many(200));
    expect(rest.after).toHaveLength(600);
    await conclude(database, rest);
    const all = await alerts.open(job.name, 7);
    expect(all.every(({ state, outbox }) => state === 'firing' && outbox.length === 1)).toBe(true);
  });
});

describe('concluded', () => {
  it('tells after an unknown outcome whether the run has ended under this fence', async () => {
    const job = jobWith({ name: 'read-back' });
    const run = await runningRun(database, job, minute(0));
    expect(await concluded(database, run._id, 1)).toBe('running');
    expect(await concluded(database, run._id, 2)).toBe('lost');
    await conclude(database, await evaluated(alerts, job, run, over));
    expect(await concluded(database, run._id, 1)).toBe('concluded');
    expect(await concluded(database, 'no-such-run', 1)).toBe('lost');
  });
});
