import { beforeAll, describe, expect, it } from 'vitest';
import { AlertConflictError } from '../../../app/domain/alert/errors';
import type { CheckResult, EvaluatedJob } from '../../../app/domain/alert/types';
import { ValidationError } from '../../../app/domain/errors';
import { alertModel } from '../../../app/model/alert';
import { Alerts } from '../../../app/repository/alerts';
import { conclude } from '../../../app/repository/conclude';
import { useDatabase } from '../../support/database';
import { hosts, jobWith, minute, noData, over, under } from '../domain/alert/fixture';
import { evaluated, expireAt, runningRun } from './evaluated';

const { database } = useDatabase();
const alerts = new Alerts(database);

async function check(job: EvaluatedJob, n: number, result: CheckResult): Promise<void> {
  await conclude(database, await evaluated(alerts, job, await runningRun(database, job, minute(n)), result));
}

describe('list', () => {
  const listed = jobWith({ name: 'listed' });

  beforeAll(async () => {
    await check(listed, 0, hosts({ a: 200, b: 1, c: 200, d: 1, e: 200 }));
    await check(jobWith({ name: 'other' }), 0, over);
  });

  it('walks all open alerts by cursor, each once', async () => {
    const ids: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await alerts.list({ job: 'listed', limit: 2, cursor });
      expect(page.items.length).toBeLessThanOrEqual(2);
      ids.push(...page.items.map(({ alertId }) => alertId));
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined);
    expect(new Set(ids).size).toBe(5);
    expect(ids).toEqual([...ids].sort());
  });

  it('filters by state and job', async () => {
    const firing = await alerts.list({ state: 'firing', limit: 100 });
    expect(firing.items.map(({ job }) => job).sort()).toEqual(['listed', 'listed', 'listed', 'other']);
    const both = await alerts.list({ state: 'ok', job: 'listed', limit: 100 });
    expect(both.items.map(({ series }) => series['host']).sort()).toEqual(['b', 'd']);
    expect(both.nextCursor).toBeNull();
  });

  it('refuses a cursor that is none', async () => {
    await expect(alerts.list({ limit: 2, cursor: 'not a cursor' })).rejects.toThrow(ValidationError);
  });
});

describe('transitions', () => {
  it('come newest first, page by page', async () => {
    const job = jobWith({ name: 'moving' });
    for (let n = 0; n < 5; n++) await check(job, n, n % 2 === 0 ? over : under);
    const alertId = (await alerts.open('moving', 7))[0]?.alertId ?? '';
    const first = await alerts.transitions(alertId, { limit: 3 });
    expect(first.items.map(({ seq, to }) => [seq, to])).toEqual([
      [5, 'firing'],
      [4, 'ok'],
      [3, 'firing'],
    ]);
    const rest = await alerts.transitions(alertId, { limit: 3, cursor: first.nextCursor ?? '' });
    expect(rest.items.map(({ seq }) => seq)).toEqual([2, 1]);
    expect(rest.nextCursor).toBeNull();
    await expect(alerts.transitions(alertId, { limit: 3, cursor: 'x' })).rejects.toThrow(ValidationError);
  });
});

describe('get', () => {
  it('answers null for an unknown id', async () => {
    expect(await alerts.get('none.1.0')).toBeNull();
  });
});

describe('pullOutbox', () => {
  it('takes exactly the named entries, and the alert out of the relay when none is left', async () => {
    const job = jobWith({ name: 'relayed' });
    for (let n = 0; n < 3; n++) await check(job, n, n % 2 === 0 ? over : under);
    const alertId = (await alerts.open('relayed', 7))[0]?.alertId ?? '';
    const waiting = async () => (await alerts.withOutbox(100)).filter(alert => alert.alertId === alertId);

    await alerts.pullOutbox(alertId, [1, 2]);
    expect((await waiting()).map(({ outbox }) => outbox.map(({ seq }) => seq))).toEqual([[3]]);
    await alerts.pullOutbox(alertId, [2, 3]);
    expect(await waiting()).toEqual([]);
    expect(await alerts.get(alertId)).toMatchObject({ outbox: [], state: 'firing' });
  });
});

describe('closeAll', () => {
  it('closes what a deleted job left open, without a message, and leaves the job made anew alone', async () => {
    const old = jobWith({ name: 'deleted' });
    const anew = { ...old, createdRevision: 9 };
    await check(old, 0, hosts({ a: 200, b: 1 }));
    await check(anew, 1, over);
    const ids = (await alerts.open('deleted', 7)).map(({ alertId }) => alertId);

    expect(await alerts.closeAll('deleted', 8, minute(2), expireAt)).toBe(2);
    expect(await alerts.closeAll('deleted', 8, minute(2), expireAt)).toBe(0);
    for (const id of ids) {
      expect(await alerts.get(id)).toMatchObject({ closed: true, state: 'ok', outbox: [], firingTold: false });
      expect(await database.collection(alertModel).findOne({ _id: id })).toMatchObject({ expireAt, hasOutbox: false });
    }
    expect(await alerts.open('deleted', 9)).toHaveLength(1);
  });

  it('makes an evaluation that was read before it conflict', async () => {
    const job = jobWith({ name: 'deleted-meanwhile' });
    await check(job, 0, over);
    const input = await evaluated(alerts, job, await runningRun(database, job, minute(1)), noData);
    await alerts.closeAll(job.name, job.createdRevision, minute(1), expireAt);
    await expect(conclude(database, input)).rejects.toThrow(AlertConflictError);
  });
});
