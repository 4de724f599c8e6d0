import { beforeAll, describe, expect, it } from 'vitest';
import { field, useApi } from '../../support/api';
import { channelBody, defineRemotes, jobBody, sourceBody } from '../../support/definitions';

const api = useApi();
const job = '/api/v1/jobs/online-404';

beforeAll(async () => {
  await defineRemotes(api);
  await api.put('/api/v1/calendars/ours', { kind: 'dates', zone: 'UTC', holidays: [] });
});

/** Stores the job, and in it what a version with one schema more has there besides. */
async function storedByNewer(): Promise<void> {
  expect((await api.put(job, jobBody)).status).toBeLessThan(300);
  await api
    .collection('jobs')
    .updateOne(
      { _id: 'online-404' },
      { $set: { v: 2, later: 1, 'spec.later': 2, 'spec.retry.later': 3, 'spec.settings.rule.later': 4 } },
    );
}

const kept = {
  v: 2,
  later: 1,
  spec: { later: 2, retry: { later: 3 }, settings: { rule: { later: 4 } } },
};
const stored = (collection: string, _id: string) => api.collection(collection).findOne({ _id });

describe('a job that a newer version has stored', () => {
  it('is answered without what this version does not know, and taken back so', async () => {
    await storedByNewer();
    const answer = await api.get(job);
    expect(answer.status).toBe(200);
    expect(answer.text).not.toContain('later');
    const again = await api.put(job, answer.body);
    expect(again.status).toBe(200);
    expect(field(again, 'revision')).toBe(field(answer, 'revision'));
  });

  it.each([
    ['PATCH', async () => api.patch(job, { title: 'changed', retry: { limit: 5 } })],
    ['PUT', async () => api.put(job, { ...jobBody, title: 'put', check: { ...jobBody.check, query: 'SELECT 2' } })],
    ['pause', async () => api.post(`${job}/pause`, { note: 'deploying' })],
    ['resume', async () => api.post(`${job}/resume`)],
  ])('keeps that through %s', async (_what, change) => {
    await storedByNewer();
    expect((await change()).status).toBe(200);
    expect(await stored('jobs', 'online-404')).toMatchObject(kept);
  });

  it('keeps it in the tombstone as far as that has fields', async () => {
    await storedByNewer();
    expect((await api.delete(job)).status).toBe(204);
    expect(await stored('jobs', 'online-404')).toMatchObject({ v: 2, later: 1, deleted: true, spec: null });
  });
});

describe.each([
  ['sources', 'access-log', sourceBody, { timeoutMs: 20_000 }],
  ['channels', 'ops-group', channelBody, { mentions: [] }],
])('%s that a newer version has stored', (collection, name, body, patch) => {
  const url = `/api/v1/${collection}/${name}`;

  it('keep through PATCH and PUT what this version does not know', async () => {
    await api.collection(collection).updateOne({ _id: name }, { $set: { v: 2, later: 1, 'settings.later': 2 } });
    expect((await api.patch(url, patch)).status).toBe(200);
    expect((await api.put(url, body)).status).toBe(200);
    expect(await stored(collection, name)).toMatchObject({ v: 2, later: 1, settings: { later: 2 } });
    expect((await api.get(url)).text).not.toContain('later');
  });
});

describe('a calendar that a newer version has stored', () => {
  it('keeps through PATCH what this version does not know', async () => {
    await api.collection('calendars').updateOne({ _id: 'ours' }, { $set: { v: 2, later: 1, 'spec.later': 2 } });
    const changed = await api.patch('/api/v1/calendars/ours', { holidays: [{ date: '2027-01-01', name: 'New Year' }] });
    expect(changed.status).toBe(200);
    expect(await stored('calendars', 'ours')).toMatchObject({ v: 2, later: 1, spec: { later: 2 } });
  });
});

describe('what is stored', () => {
  it('says in every document by which schema it was written', async () => {
    const { db } = api.database;
    const collections = await db.listCollections({}, { nameOnly: true }).toArray();
    for (const { name } of collections) {
      expect(await db.collection(name).countDocuments({ v: { $exists: false } }), name).toBe(0);
    }
  });
});
