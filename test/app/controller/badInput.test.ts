import { beforeAll, describe, expect, it } from 'vitest';
import { type Answer, field, problemOf, useApi } from '../../support/api';
import { channelBody, defineRemotes, jobBody, smallJobBody, sourceBody } from '../../support/definitions';

const api = useApi();
beforeAll(async () => {
  await defineRemotes(api);
  await api.put('/api/v1/jobs/online-404', jobBody);
});

/** path → message of a 422. */
function faults(answer: Answer): Record<string, string> {
  expect(answer.status).toBe(422);
  return Object.fromEntries(problemOf(answer).errors.map(({ path, message }) => [path, message]));
}

const putJob = (change: object) => api.put('/api/v1/jobs/bad', { ...smallJobBody, ...change });

describe('a body that is not valid', () => {
  it('with an unknown field is refused with its path and what is known there', async () => {
    expect(faults(await putJob({ overlapp: 'skip' }))).toEqual({
      overlapp: expect.stringContaining('known are kind, title, enabled'),
    });
    const nested = await putJob({ check: { ...smallJobBody.check, treshold: 5 }, retry: { limits: 3 } });
    expect(Object.keys(faults(nested)).sort()).toEqual(['check.treshold', 'retry.limits']);
    expect(faults(await api.put('/api/v1/sources/bad', { ...sourceBody, passwd: 'x' }))).toHaveProperty('passwd');
  });

  it('with seven faults hears of all of them at once, the names that are not defined too', async () => {
    const answer = await putJob({
      enabled: 'yes',
      schedule: { cron: '* * * *', zone: 'Mars/Olympus', dts: 'shift' },
      timeoutMs: '30 minutes',
      check: { source: 'nowhere', query: 'SELECT 1', rule: { op: '=>', threshold: '-5' } },
      notify: { channels: ['nobody'] },
      colour: 'red',
    });
    expect(Object.keys(faults(answer)).sort()).toEqual([
      'check.rule.op',
      'check.rule.threshold',
      'check.source',
      'colour',
      'enabled',
      'notify.channels.0',
      'schedule.cron',
      'schedule.dts',
      'schedule.zone',
      'timeoutMs',
    ]);
  });

  it.each([
    ['* * * *', 'has 4 fields'],
    ['0 0 * * * * *', 'has 7 fields'],
    ['0 0 1 13 *', 'month "13" is out of range'],
    ['0 0 * * 5-2', 'is a reversed range'],
    ['', 'has 0 fields'],
    ['0 0 30 2 *', 'can never fire'],
  ])('with the cron expression %j is told why: %s', async (cron, reason) => {
    expect(faults(await putJob({ schedule: { cron } }))).toEqual({ 'schedule.cron': expect.stringContaining(reason) });
  });

  it('with an unknown zone is told what a zone is', async () => {
    const answer = await putJob({ schedule: { cron: '0 0 * * *', zone: 'Asia/Shangai' } });
    expect(faults(answer)).toEqual({ 'schedule.zone': expect.stringContaining('"Asia/Shangai" is not a time zone') });
  });

  it('with a negative threshold given as text is told to give a number', async () => {
    const check = { ...smallJobBody.check, rule: { op: '>', threshold: '-5' } };
    expect(faults(await putJob({ check }))).toEqual({ 'check.rule.threshold': expect.stringContaining('"-5"') });
    const ok = { ...smallJobBody.check, rule: { op: '>', threshold: -5 } };
    expect((await api.put('/api/v1/jobs/negative', { ...smallJobBody, check: ok })).status).toBe(201);
  });

  it.each([
    ['schedule', {}],
    ['schedule', { cron: '* * * * *', everyMs: 1000 }],
    ['schedule.everyMs', { everyMs: 999 }],
    ['schedule.at', { at: 'tomorrow' }],
    ['schedule', 'hourly'],
  ])('with a schedule of no form names %s', async (path, schedule) => {
    expect(Object.keys(faults(await putJob({ schedule })))[0]).toContain(path);
  });

  it('with a placement that cannot be says why', async () => {
    expect(faults(await putJob({ placement: { on: 'some' } }))).toEqual({ 'placement.on': expect.any(String) });
    expect(faults(await putJob({ placement: { hostLabels: { zone: '' } } }))).toEqual({
      'placement.hostLabels.zone': expect.any(String),
    });
    const own = { placement: { on: 'every-host' }, labels: { host: 'a' } };
    expect(faults(await putJob(own))).toEqual({ labels: expect.stringContaining('is set by Watchbell') });
  });

  it('with a kind that there is not names those that there are', async () => {
    expect(faults(await putJob({ kind: 'chek' }))).toEqual({ kind: '"chek" is not one of "check"' });
    expect(faults(await api.put('/api/v1/channels/bad', { kind: 'fax' }))).toEqual({
      kind: expect.stringContaining('"wecom-robot"'),
    });
  });

  it('with an end before its start names the end', async () => {
    const answer = await putJob({ startAt: '2026-12-01T00:00:00Z', endAt: '2026-11-01T00:00:00Z', title: 5 });
    expect(Object.keys(faults(answer)).sort()).toEqual(['endAt', 'title']);
  });

  it('with a query that its source cannot read names the query', async () => {
    const check = { ...smallJobBody.check, query: { not: 'sql' } };
    expect(Object.keys(faults(await putJob({ check })))[0]).toMatch(/^check\.query/);
  });

  it('that is a list, a text or null is refused', async () => {
    for (const body of [[], 'x', null]) expect((await api.put('/api/v1/jobs/bad', body)).status).toBe(422);
    expect((await api.put('/api/v1/jobs/bad', undefined)).status).toBe(422);
  });

  it('stores nothing', async () => {
    expect((await api.get('/api/v1/jobs/bad')).status).toBe(404);
  });
});

describe('a name that is no slug', () => {
  it.each(['my%20job', 'Online', '-a', 'a'.repeat(65), '%2e%2e%2fx'])('such as %s is refused', async name => {
    const answer = await api.put(`/api/v1/jobs/${name}`, smallJobBody);
    expect(faults(answer)).toHaveProperty('name');
  });
});

describe('a body that cannot be read', () => {
  it('because it is not JSON is 400', async () => {
    for (const raw of ['{"kind": ', '{kind: 1}', '{"a":1}x']) {
      const answer = await api.call('PUT', '/api/v1/jobs/bad', { raw });
      expect(answer.status).toBe(400);
      expect(problemOf(answer).detail).toContain('not JSON');
    }
  });

  it('because it is not UTF-8 or nested beyond reason is 400', async () => {
    expect((await api.call('PUT', '/api/v1/jobs/bad', { raw: Buffer.from([0x7b, 0xff, 0x7d]) })).status).toBe(400);
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    expect((await api.call('PUT', '/api/v1/jobs/bad', { raw: deep })).status).toBe(400);
  });

  it('because it has 2 MiB is 413', async () => {
    const answer = await api.call('PUT', '/api/v1/jobs/bad', { raw: JSON.stringify({ title: 'x'.repeat(2 ** 21) }) });
    expect(answer.status).toBe(413);
    problemOf(answer);
  });

  it('because of its content type is 415', async () => {
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'application/json; charset=gbk',
      'nonsense',
    ]) {
      const answer = await api.call('PUT', '/api/v1/jobs/bad', { raw: '{}', type });
      expect(answer.status).toBe(415);
      problemOf(answer);
    }
    const gzip = { raw: '{}', headers: { 'content-encoding': 'gzip' } };
    expect((await api.call('PUT', '/api/v1/jobs/bad', gzip)).status).toBe(415);
  });
});

describe('a URL', () => {
  it('that there is not is 404, with or without a token', async () => {
    for (const url of ['/api/v1/nothing', '/', '/api/v2/jobs']) {
      expect(problemOf(await api.get(url)).status).toBe(404);
      expect(problemOf(await api.get(url, { token: null })).status).toBe(404);
    }
  });

  it('called with another method is 405 and names those that it takes', async () => {
    const answer = await api.post('/api/v1/jobs', {});
    expect(problemOf(answer).status).toBe(405);
    expect(answer.headers.get('allow')).toBe('HEAD, GET');
  });

  it('with the id of another collection is 404', async () => {
    const urls = ['/api/v1/runs/online-404', '/api/v1/jobs/access-log', '/api/v1/sources/online-404'];
    for (const url of [...urls, '/api/v1/alerts/ops-group', '/api/v1/channels/access-log']) {
      expect(problemOf(await api.get(url)).status).toBe(404);
    }
    expect((await api.delete('/api/v1/mutes/online-404')).status).toBe(404);
    const check = { ...smallJobBody.check, source: 'ops-group' };
    expect(faults(await putJob({ check }))).toEqual({ 'check.source': 'there is no source "ops-group"' });
  });
});

describe('a token', () => {
  it('that is missing, malformed or unknown is 401', async () => {
    const headers = ['', 'Basic abc', 'Bearer', `Bearer wb_${'x'.repeat(43)}`, 'Bearer x y'];
    for (const authorization of headers) {
      const answer = await api.get('/api/v1/jobs', { token: null, headers: { authorization } });
      expect(problemOf(answer).status).toBe(401);
      expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer/);
    }
  });

  it('of a viewer cannot write', async () => {
    const token = api.tokens.viewer;
    expect((await api.get('/api/v1/jobs', { token })).status).toBe(200);
    expect(problemOf(await api.put('/api/v1/jobs/x', smallJobBody, { token })).status).toBe(403);
    expect(problemOf(await api.delete('/api/v1/jobs/online-404', { token })).status).toBe(403);
    expect(problemOf(await api.post('/close?name=online-404', undefined, { token })).status).toBe(403);
    expect(problemOf(await api.get('/api/v1/tokens', { token })).status).toBe(403);
  });

  it('of an operator can write jobs, and neither sources nor tokens', async () => {
    const token = api.tokens.operator;
    expect((await api.put('/api/v1/jobs/by-operator', smallJobBody, { token })).status).toBe(201);
    expect((await api.put('/api/v1/sources/x', sourceBody, { token })).status).toBe(403);
    expect((await api.put('/api/v1/channels/x', channelBody, { token })).status).toBe(403);
    expect((await api.post('/api/v1/tokens', { name: 'x', role: 'admin' }, { token })).status).toBe(403);
  });

  it('that was revoked is refused at once', async () => {
    const made = await api.post('/api/v1/tokens', { name: 'short', role: 'viewer' });
    expect(made.status).toBe(201);
    const token = String(field(made, 'token'));
    expect((await api.get('/api/v1/jobs', { token })).status).toBe(200);
    expect((await api.delete(`/api/v1/tokens/${String(field(made, 'id'))}`)).status).toBe(204);
    expect((await api.get('/api/v1/jobs', { token })).status).toBe(401);
  });

  it('is refused once it has expired', async () => {
    const expiresAt = new Date(Date.now() - 1000).toISOString();
    const made = await api.post('/api/v1/tokens', { name: 'old', role: 'admin', expiresAt });
    expect((await api.get('/api/v1/jobs', { token: String(field(made, 'token')) })).status).toBe(401);
  });
});

describe('/close', () => {
  it('of an unknown name is 404 with near names and closes none of the others', async () => {
    const answer = await api.post('/close?name=online-404&name=online-40');
    expect(answer.status).toBe(404);
    expect(problemOf(answer).detail).toContain('Did you mean online-404');
    expect(field(await api.get('/api/v1/mutes?active=true'), 'items')).toEqual([]);
  });

  it('of 51 names or none is 422', async () => {
    const names = Array.from({ length: 51 }, (_, index) => `name=job-${index}`).join('&');
    expect((await api.post(`/close?${names}`)).status).toBe(422);
    expect((await api.post('/close')).status).toBe(422);
    expect((await api.get('/open')).status).toBe(422);
  });

  it.each([
    'for=-1h',
    'for=',
    'for=0',
    'for=2x',
    'until=yesterday',
    'for=1h&until=2030-01-01T00:00:00Z',
    'until=2020-01-01T00:00:00Z',
    'forr=1h',
  ])('with %s is 422', async end => {
    const answer = await api.get(`/close?name=online-404&${end}`);
    expect(answer.status).toBe(422);
    problemOf(answer);
  });
});
