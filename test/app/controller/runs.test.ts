import { beforeAll, describe, expect, it } from 'vitest';
import { type CallOptions, field, itemsOf, problemOf, useApi } from '../../support/api';
import { defineRemotes, smallJobBody } from '../../support/definitions';
import { eventually } from '../../support/eventually';

const api = useApi();
const hour = (n: number) => new Date(Date.UTC(2026, 0, 1, n)).toISOString();
const hourly = { ...smallJobBody, schedule: { cron: '0 * * * *', zone: 'UTC' } };

beforeAll(async () => {
  await api.watchbell.join();
  await defineRemotes(api);
  await api.put('/api/v1/jobs/report', hourly);
});

const runNow = (job: string, options?: CallOptions) => api.post(`/api/v1/jobs/${job}/run`, undefined, options);
const backfill = (job: string, body: unknown, query = '') => api.post(`/api/v1/jobs/${job}/backfill${query}`, body);
const runPath = (id: unknown) => `/api/v1/runs/${encodeURIComponent(String(id))}`;

/** A record that nobody executes: `state` running of a member elsewhere, or waiting for a lane. */
async function insertRun(id: string, over: Record<string, unknown> = {}): Promise<string> {
  const fields = { jobRevision: 3, trigger: 'schedule', latenessMs: 12, attempt: 1, fence: 1, lostCount: 0 };
  const times = { scheduledAt: new Date(hour(3)), claimedAt: new Date(), startedAt: null, finishedAt: null };
  const ends = { reason: null, outcome: null, error: null, expireAt: new Date(Date.now() + 86_400_000) };
  const run = { ...fields, ...times, ...ends, job: 'report', state: 'running', onLost: 'retry', member: 'h:1:a' };
  await api.collection('runs').insertOne({ _id: id, ...run, hostId: 'h', ...over });
  return id;
}

/** A token that may change only the jobs of these globs. */
async function limitedToken(jobs: string[]): Promise<string> {
  const answer = await api.post('/api/v1/tokens', { name: `only-${jobs.join('-')}`, role: 'operator', jobs });
  return String(field(answer, 'token'));
}

describe('POST /jobs/{name}/run', () => {
  it('answers 202 with the id of a run that is recorded and gets executed, also of a paused job', async () => {
    await api.put('/api/v1/jobs/paused', hourly);
    await api.post('/api/v1/jobs/paused/pause');
    const answer = await runNow('paused', { token: api.tokens.operator });
    expect(answer.status).toBe(202);
    const id = field(answer, 'runId');
    expect(answer.headers.get('location')).toBe(runPath(id));
    const run = await api.get(runPath(id));
    expect(run.body).toMatchObject({ id, job: 'paused', trigger: 'manual', requestedBy: 'operator' });
    await eventually('it has ended', async () => field(await api.get(runPath(id)), 'finishedAt') !== null);
  });

  it('answers the same run for the same Idempotency-Key', async () => {
    const headers = { 'Idempotency-Key': 'deploy-42' };
    const first = await runNow('report', { headers });
    expect((await runNow('report', { headers })).body).toEqual(first.body);
    expect((await runNow('report', { headers: { 'Idempotency-Key': 'deploy-43' } })).body).not.toEqual(first.body);
    const tooLong = await runNow('report', { headers: { 'Idempotency-Key': 'x'.repeat(256) } });
    expect([tooLong.status, problemOf(tooLong).detail]).toEqual([400, expect.stringContaining('at most 255')]);
  });

  it('is refused for an unknown job, a viewer, a token for other jobs, and with a body', async () => {
    expect((await runNow('none')).status).toBe(404);
    expect((await runNow('report', { token: api.tokens.viewer })).status).toBe(403);
    expect((await runNow('report', { token: await limitedToken(['web-*']) })).status).toBe(403);
    expect((await runNow('report', { token: await limitedToken(['rep*']) })).status).toBe(202);
    expect((await runNow('report', { body: { at: 'noon' } })).status).toBe(422);
  });
});

describe('POST /jobs/{name}/backfill', () => {
  it('tells with dryRun what it would do, then does it', async () => {
    await api.put('/api/v1/jobs/filled', hourly);
    const span = { from: hour(1), to: hour(4) };
    const dry = await backfill('filled', span, '?dryRun=true');
    expect([dry.status, dry.body]).toEqual([200, { ...span, count: 3, already: 0, runIds: [] }]);
    expect(itemsOf(await api.get('/api/v1/runs?job=filled'))).toEqual([]);
    const done = await backfill('filled', span);
    expect([done.status, done.body]).toEqual([
      202,
      { ...span, count: 3, already: 0, runIds: [1, 2, 3].map(n => `filled@${hour(n)}`) },
    ]);
    const runs = itemsOf(await api.get(`/api/v1/runs?job=filled&from=${hour(1)}&to=${hour(4)}`));
    expect(runs).toMatchObject(
      [3, 2, 1].map(n => ({ scheduledAt: hour(n), trigger: 'backfill', requestedBy: 'admin' })),
    );
    const again = await backfill('filled', span);
    expect(again.body).toMatchObject({ count: 0, already: 3 });
  });

  it.each([
    ['without a span', {}, ['from', 'to']],
    ['that ends in the future', { from: hour(1), to: '2999-01-01T00:00:00Z' }, ['to']],
    ['that ends before it begins', { from: hour(4), to: hour(1) }, ['from']],
    ['with several at a time in the one lane', { from: hour(1), to: hour(4), concurrency: 2 }, ['concurrency']],
    ['with too many at a time', { from: hour(1), to: hour(4), overlap: 'allow', concurrency: 11 }, ['concurrency']],
    ['by a policy that it has not', { from: hour(1), to: hour(4), overlap: 'replace' }, ['overlap']],
    ['with a typing mistake', { from: hour(1), to: hour(4), concurency: 1 }, ['concurency']],
    ['of too many', { from: '2025-01-01T00:00:00Z', to: hour(1) }, ['to']],
  ])('refuses one %s', async (_what, body, paths) => {
    const answer = await backfill('report', body);
    expect([answer.status, problemOf(answer).errors.map(error => error.path)]).toEqual([422, paths]);
  });

  it('says how many occurrences are too many', async () => {
    const answer = await backfill('report', { from: '2025-01-01T00:00:00Z', to: hour(1) });
    expect(problemOf(answer).detail).toContain('8,761 occurrences');
  });

  it('is refused for an unknown job, a viewer, and a token for other jobs', async () => {
    const span = { from: hour(1), to: hour(4) };
    expect((await backfill('none', span)).status).toBe(404);
    const as = async (token: string) => (await api.post('/api/v1/jobs/report/backfill', span, { token })).status;
    expect(await as(api.tokens.viewer)).toBe(403);
    expect(await as(await limitedToken(['ops-*']))).toBe(403);
  });
});

describe('POST /runs/{id}/cancel', () => {
  it('asks a run under way to end, and tells so', async () => {
    const id = await insertRun(`report@${hour(3)}`, { requestedBy: 'viewer' });
    const answer = await api.post(`${runPath(id)}/cancel`, undefined, { token: api.tokens.operator });
    expect(answer.status).toBe(202);
    const by = { requestedBy: 'viewer', cancelRequestedBy: 'operator' };
    const asked = { id, state: 'running', ...by, cancelRequestedAt: expect.any(String) };
    expect(answer.body).toMatchObject(asked);
    expect((await api.get(runPath(id))).body).toEqual(answer.body);
    expect((await api.post(`${runPath(id)}/cancel`)).body).toEqual(answer.body);
  });

  it('ends one that waits at once; then it has ended, and is refused', async () => {
    const id = await insertRun(`report@${hour(5)}`, { state: 'queued', lanes: ['x'], queue: 'x', member: '' });
    const answer = await api.post(`${runPath(id)}/cancel`);
    const error = { code: 'cancelled', message: 'Cancelled by admin.' };
    expect([answer.status, answer.body]).toEqual([202, expect.objectContaining({ state: 'cancelled', error })]);
    const again = await api.post(`${runPath(id)}/cancel`);
    expect([again.status, problemOf(again).detail]).toEqual([409, 'The run has ended already: it is cancelled.']);
  });

  it('is refused for an unknown run, a viewer, and a token for other jobs', async () => {
    const id = await insertRun(`report@${hour(6)}`);
    expect((await api.post('/api/v1/runs/none@x/cancel')).status).toBe(404);
    const as = async (token: string) => (await api.post(`${runPath(id)}/cancel`, undefined, { token })).status;
    expect(await as(api.tokens.viewer)).toBe(403);
    expect(await as(await limitedToken(['db-*']))).toBe(403);
    expect(await as(await limitedToken(['report']))).toBe(202);
  });
});

describe('a record of many skips', () => {
  it('tells the span and how many, and nobody as its member', async () => {
    const many = {
      state: 'skipped',
      reason: 'paused',
      member: '',
      hostId: '',
      from: new Date(hour(1)),
      to: new Date(hour(9)),
    };
    const id = await insertRun(`report@${hour(1)}~paused`, { ...many, count: 9, finishedAt: new Date() });
    const shown = {
      state: 'skipped',
      reason: 'paused',
      from: hour(1),
      to: hour(9),
      count: 9,
      member: null,
      hostId: null,
    };
    expect((await api.get(runPath(id))).body).toMatchObject(shown);
    const listed = itemsOf(await api.get('/api/v1/runs?job=report&state=skipped'));
    expect(listed).toContainEqual(expect.objectContaining({ id, ...shown }));
  });
});
