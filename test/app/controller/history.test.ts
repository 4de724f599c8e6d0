import { beforeAll, describe, expect, it } from 'vitest';
import { field, itemsOf, useApi } from '../../support/api';
import { defineRemotes, smallJobBody } from '../../support/definitions';

const api = useApi();
const at = (minute: number) => new Date(Date.UTC(2026, 10, 21, 1, minute));

function run(job: string, minute: number, state: string) {
  const fields = { jobRevision: 3, trigger: 'schedule', latenessMs: 12, attempt: 1, fence: 1, lostCount: 0 };
  return {
    _id: `${job}@${at(minute).toISOString()}`,
    ...{ job, state, ...fields, scheduledAt: at(minute), claimedAt: at(minute), onLost: 'retry' },
    ...{ startedAt: at(minute), finishedAt: null, reason: null, member: 'h:1:a', hostId: minute < 3 ? 'h1' : 'h2' },
    ...{ outcome: { series: 1, firing: 0 }, error: null, expireAt: new Date(Date.now() + 86_400_000) },
  };
}

const delivery = {
  ...{ alertId: 'a.1.x', job: 'a', seq: 1, kind: 'firing', channel: 'ops-group', labels: {}, state: 'sent' },
  ...{ attempts: 1, fence: 1, member: null, claimedAt: null, nextAttemptAt: at(0), partsSent: 1 },
  ...{ possibleDuplicate: false, mutedBy: [], held: false, supersededBy: null, error: null, sentAt: at(1) },
  expireAt: new Date(Date.now() + 86_400_000),
  message: {
    ...{ alertId: 'a.1.x', seq: 1, kind: 'firing', job: 'a', title: 'a', labels: {}, series: {}, value: 1 },
    ...{ condition: '> 0', from: 'ok', since: at(0), scheduledAt: at(0), error: null, note: null },
  },
};

const alert = {
  ...{ _id: 'a.1.x', job: 'a', jobCreatedRevision: 1, series: { path: '/x' }, labels: { job: 'a', path: '/x' } },
  ...{ state: 'firing', value: 120, error: null, since: at(0), conditionSince: null, condition: null },
  ...{ firingTold: true, troubleTold: false, lastToldAt: at(0), resolvedAt: null, lastEvaluatedAt: at(1) },
  ...{ absentCount: 0, closed: false, ruleHash: 'r', queryHash: 'q', seq: 1, outbox: [], hasOutbox: false },
  token: { scheduledAt: at(1), fence: 1 },
};

beforeAll(async () => {
  await defineRemotes(api);
  const job = await api.put('/api/v1/jobs/a', smallJobBody);
  const collection = (name: string) => api.collection(name);
  await collection('runs').insertMany(
    [0, 1, 2, 3, 4].map(minute => run('a', minute, minute === 4 ? 'failed' : 'succeeded')),
  );
  await collection('runs').insertOne(run('b', 0, 'succeeded'));
  await collection('deliveries').insertMany(
    [1, 2, 3].map(n => ({ _id: `a.1.x:${n}:ops-group`, ...delivery, createdAt: at(n) })),
  );
  await collection('alerts').insertOne({ ...alert, jobCreatedRevision: Number(field(job, 'createdRevision')) });
  await collection('transitions').insertOne({
    _id: 'a.1.x/1',
    ...{ alertId: 'a.1.x', seq: 1, from: 'ok', to: 'firing', at: at(0), value: 120, note: null, error: null },
    ...{ runId: 'a@x', expireAt: new Date(Date.now() + 86_400_000) },
  });
});

describe('runs', () => {
  it('come from new to old, page by page, each once', async () => {
    const seen: unknown[] = [];
    let cursor: unknown = '';
    for (let pages = 0; cursor !== null && pages < 5; pages++) {
      const page = await api.get(`/api/v1/runs?limit=4${cursor === '' ? '' : `&cursor=${String(cursor)}`}`);
      seen.push(...itemsOf(page).map(item => item['id']));
      cursor = field(page, 'nextCursor');
    }
    expect(seen).toHaveLength(6);
    expect(new Set(seen).size).toBe(6);
    expect(seen[0]).toBe('a@2026-11-21T01:04:00.000Z');
  });

  it('can be filtered by each field of the contract', async () => {
    const count = async (query: string) => itemsOf(await api.get(`/api/v1/runs?${query}`)).length;
    expect(await count('job=a')).toBe(5);
    expect(await count('job=a&state=failed')).toBe(1);
    expect(await count('hostId=h2')).toBe(2);
    expect(await count('from=2026-11-21T01:01:00Z&to=2026-11-21T01:03:00Z')).toBe(2);
    expect((await api.get('/api/v1/runs?state=running%20fast')).status).toBe(422);
  });

  it('that stand for many skips are found by any of them, page by page', async () => {
    const span = { from: at(-600), to: at(2), count: 9, reason: 'paused', finishedAt: at(2) };
    const over = { ...run('paused', -600, 'skipped'), _id: `paused@${at(-600).toISOString()}~paused`, ...span };
    await api.collection('runs').insertOne(over);
    await api.collection('runs').insertOne(run('paused', 3, 'succeeded'));
    const ids = async (query: string) => {
      const first = await api.get(`/api/v1/runs?job=paused&limit=1&${query}`);
      const rest = await api.get(`/api/v1/runs?job=paused&limit=1&${query}&cursor=${field(first, 'nextCursor')}`);
      return [...itemsOf(first), ...itemsOf(rest)].map(item => item['state']);
    };
    expect(await ids('from=2026-11-21T01:01:00Z')).toEqual(['succeeded', 'skipped']);
    const later = await api.get('/api/v1/runs?job=paused&from=2026-11-21T01:02:30Z');
    expect(itemsOf(later).map(item => item['state'])).toEqual(['succeeded']);
    await api.collection('runs').deleteMany({ job: 'paused' });
  });

  it('are answered as the contract shows them', async () => {
    const answer = await api.get('/api/v1/runs/a@2026-11-21T01:04:00.000Z');
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      ...{ id: 'a@2026-11-21T01:04:00.000Z', job: 'a', jobRevision: 3, trigger: 'schedule' },
      ...{ scheduledAt: '2026-11-21T01:04:00.000Z', claimedAt: '2026-11-21T01:04:00.000Z' },
      ...{ startedAt: '2026-11-21T01:04:00.000Z', finishedAt: null, latenessMs: 12, state: 'failed', reason: null },
      ...{ attempt: 1, fence: 1, member: 'h:1:a', hostId: 'h2', outcome: { series: 1, firing: 0 }, error: null },
      ...{ requestedBy: null, cancelRequestedAt: null, cancelRequestedBy: null },
    });
  });
});

describe('an alert', () => {
  it('says which mutes hold it, and is stale while its job does not judge it', async () => {
    const shown = {
      ...{ id: 'a.1.x', job: 'a', series: { path: '/x' }, state: 'firing', value: 120, seq: 1, error: null },
      ...{ since: at(0).toISOString(), resolvedAt: null, lastEvaluatedAt: at(1).toISOString() },
    };
    expect((await api.get('/api/v1/alerts/a.1.x')).body).toMatchObject({ ...shown, stale: false, mutedBy: [] });
    await api.get('/close?name=a');
    const [mute] = itemsOf(await api.get('/api/v1/mutes?active=true'));
    await api.post('/api/v1/jobs/a/pause');
    const listed = await api.get('/api/v1/alerts?state=firing&job=a');
    expect(listed.body).toMatchObject({
      items: [{ ...shown, stale: true, mutedBy: [mute?.['id']] }],
      nextCursor: null,
    });
    expect(itemsOf(await api.get('/api/v1/alerts?state=ok'))).toEqual([]);
  });

  it('has its transitions', async () => {
    const answer = await api.get('/api/v1/alerts/a.1.x/transitions');
    expect(answer.body).toMatchObject({ items: [{ seq: 1, from: 'ok', to: 'firing', value: 120 }], nextCursor: null });
    expect((await api.get('/api/v1/alerts/none/transitions')).status).toBe(404);
  });
});

describe('deliveries', () => {
  it('come from new to old and can be filtered', async () => {
    const first = await api.get('/api/v1/deliveries?limit=2&channel=ops-group&state=sent&job=a');
    expect(itemsOf(first).map(item => item['id'])).toEqual(['a.1.x:3:ops-group', 'a.1.x:2:ops-group']);
    expect(Object.keys(itemsOf(first)[0] ?? {})).toEqual([
      ...['id', 'alertId', 'job', 'seq', 'kind', 'channel', 'state', 'attempts', 'error'],
      ...['mutedBy', 'supersededBy', 'createdAt', 'claimedAt', 'sentAt'],
    ]);
    const next = await api.get(`/api/v1/deliveries?limit=2&cursor=${String(field(first, 'nextCursor'))}`);
    expect(itemsOf(next).map(item => item['id'])).toEqual(['a.1.x:1:ops-group']);
    expect(itemsOf(await api.get('/api/v1/deliveries?channel=other'))).toEqual([]);
  });
});
