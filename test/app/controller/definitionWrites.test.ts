import { beforeAll, describe, expect, it } from 'vitest';
import { longestAwayMs } from '../../../app/cluster/definitionFeed';
import { type Answer, field, problemOf, useApi } from '../../support/api';
import { channelBody, defineRemotes, jobBody, smallJobBody, sourceBody } from '../../support/definitions';
import { eventually } from '../../support/eventually';

const api = useApi();
beforeAll(() => defineRemotes(api));

const revisionOf = (answer: Answer) => Number(field(answer, 'revision'));
const storedJob = (name: string) => api.collection('jobs').findOne({ _id: name });

describe('If-Match', () => {
  it('lets only the writer in who saw the newest revision, and names that one to others', async () => {
    const first = await api.put('/api/v1/jobs/match', smallJobBody);
    const headers = { 'if-match': `"${revisionOf(first)}"` };
    const second = await api.put('/api/v1/jobs/match', { ...smallJobBody, title: 'two' }, { headers });
    expect(second.status).toBe(200);
    const third = await api.patch('/api/v1/jobs/match', { title: 'three' }, { headers });
    expect(third.status).toBe(412);
    expect(problemOf(third).detail).toContain(`revision ${revisionOf(second)}`);
    expect((await api.delete('/api/v1/jobs/match', { headers })).status).toBe(412);
  });

  it('on a job that is not there, and If-None-Match on one that is, answer 412', async () => {
    expect((await api.put('/api/v1/jobs/none', smallJobBody, { headers: { 'if-match': '"1"' } })).status).toBe(412);
    const headers = { 'if-none-match': '*' };
    expect((await api.put('/api/v1/jobs/match', smallJobBody, { headers })).status).toBe(412);
    expect((await api.put('/api/v1/jobs/match', smallJobBody, { headers: { 'if-match': 'x' } })).status).toBe(400);
  });
});

describe('?dryRun=true', () => {
  it('answers what would be stored, stores nothing and draws no revision', async () => {
    const counter = () => api.collection('counters').findOne({ _id: 'revision' });
    const before = await counter();
    const answer = await api.put('/api/v1/jobs/dry?dryRun=true', jobBody);
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject(jobBody);
    expect((await api.put('/api/v1/jobs/dry?dryRun=true', { kind: 'check' })).status).toBe(422);
    expect((await api.delete('/api/v1/jobs/match?dryRun=true')).status).toBe(204);
    expect((await api.get('/api/v1/jobs/match')).status).toBe(200);
    expect((await api.get('/api/v1/jobs/dry')).status).toBe(404);
    expect(await counter()).toEqual(before);
  });
});

describe('PATCH', () => {
  it('merges objects, removes by null, and validates the whole', async () => {
    await api.put('/api/v1/jobs/patched', jobBody);
    const patch = { labels: { team: null, tier: '1' }, check: { rule: { threshold: 5 } }, notify: { repeatMs: '2h' } };
    const answer = await api.patch('/api/v1/jobs/patched', patch, { type: 'application/merge-patch+json' });
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({
      labels: { severity: 'critical', tier: '1' },
      check: { query: jobBody.check.query, rule: { op: '>', threshold: 5 } },
      notify: { channels: ['ops-group'], repeatMs: 7_200_000 },
    });
    expect(field(answer, 'labels')).not.toHaveProperty('team');
    const wrong = await api.patch('/api/v1/jobs/patched', { schedule: { corn: '* * * * *' }, overlap: 5 });
    expect(
      problemOf(wrong)
        .errors.map(error => error.path)
        .sort(),
    ).toEqual(['overlap', 'schedule.corn']);
    expect((await api.patch('/api/v1/jobs/not-there', {})).status).toBe(404);
  });

  it('takes a field named __proto__ for an unknown field', async () => {
    const answer = await api.call('PATCH', '/api/v1/jobs/patched', { raw: '{"__proto__": {"enabled": false}}' });
    expect(answer.status).toBe(422);
    expect(problemOf(answer).errors[0]?.path).toBe('__proto__');
  });
});

describe('plannedFromAt', () => {
  it('moves when a job is made, rescheduled, enabled or resumed, and at nothing else', async () => {
    const planned = (answer: Answer) => String(field(answer, 'plannedFromAt'));
    const created = await api.put('/api/v1/jobs/planned', smallJobBody);
    const renamed = await api.patch('/api/v1/jobs/planned', { title: 'other', timeoutMs: 1000 });
    expect(planned(renamed)).toBe(planned(created));
    const rescheduled = await api.patch('/api/v1/jobs/planned', { schedule: { cron: '0 * * * *' } });
    expect(planned(rescheduled) > planned(created)).toBe(true);
    const disabled = await api.patch('/api/v1/jobs/planned', { enabled: false });
    expect(planned(disabled)).toBe(planned(rescheduled));
    const enabled = await api.patch('/api/v1/jobs/planned', { enabled: true });
    expect(planned(enabled) > planned(disabled)).toBe(true);
    const paused = await api.post('/api/v1/jobs/planned/pause', { note: 'release' });
    expect(planned(paused)).toBe(planned(enabled));
    const resumed = await api.post('/api/v1/jobs/planned/resume');
    expect(planned(resumed) > planned(paused)).toBe(true);
    const bounded = await api.patch('/api/v1/jobs/planned', { startAt: '2026-11-21T00:00:00Z' });
    expect(planned(bounded) > planned(resumed)).toBe(true);
  });
});

describe('a pause', () => {
  it('carries who, when and why, survives a PUT and ends by resume', async () => {
    await api.put('/api/v1/jobs/paused', smallJobBody);
    const paused = await api.post('/api/v1/jobs/paused/pause', { note: 'release' }, { token: api.tokens.operator });
    expect(paused.body).toMatchObject({ paused: { note: 'release', by: 'operator' } });
    const again = await api.post('/api/v1/jobs/paused/pause', { note: 'release' });
    expect(revisionOf(again)).toBe(revisionOf(paused));
    const changed = await api.put('/api/v1/jobs/paused', { ...smallJobBody, title: 'x' });
    expect(changed.body).toMatchObject({ paused: { note: 'release' } });
    expect((await api.get('/api/v1/jobs?paused=true')).body).toMatchObject({ items: [{ name: 'paused' }] });
    const resumed = await api.post('/api/v1/jobs/paused/resume');
    expect(resumed.body).toMatchObject({ paused: null });
    expect(revisionOf(await api.post('/api/v1/jobs/paused/resume'))).toBe(revisionOf(resumed));
    expect((await api.post('/api/v1/jobs/not-there/pause')).status).toBe(404);
  });

  it('of a month at one run a second leaves one record, whole when the resume has answered', async () => {
    await api.put('/api/v1/jobs/long', { ...smallJobBody, schedule: { cron: '* * * * * *' } });
    const monthMs = 30 * 86_400_000;
    await api.post('/api/v1/jobs/long/pause', { note: 'moving house' });
    const earlier = { $set: { idleSinceAt: new Date(Date.now() - monthMs), plannedFromAt: new Date(0) } };
    await api.collection('jobs').updateOne({ _id: 'long' }, earlier);
    await api.post('/api/v1/jobs/long/resume');
    const answer = await api.get('/api/v1/runs?job=long&state=skipped');
    expect(answer.body).toMatchObject({ items: [{ reason: 'paused', state: 'skipped', count: expect.any(Number) }] });
    const [record] = await api.collection('runs').find({ job: 'long' }).toArray();
    expect(Math.abs(record?.['count'] - monthMs / 1000)).toBeLessThan(60);
  });

  it('that ends by another schedule or by deletion is recorded as well', async () => {
    for (const end of ['rescheduled', 'deleted']) {
      await api.put(`/api/v1/jobs/${end}`, { ...smallJobBody, schedule: { everyMs: 1000 } });
      await api.patch(`/api/v1/jobs/${end}`, { enabled: false });
      const earlier = { $set: { idleSinceAt: new Date(Date.now() - 60_000), plannedFromAt: new Date(0) } };
      await api.collection('jobs').updateOne({ _id: end }, earlier);
    }
    await api.patch('/api/v1/jobs/rescheduled', { schedule: { everyMs: 7000 } });
    await api.delete('/api/v1/jobs/deleted');
    const left = await api
      .collection('runs')
      .find({ job: { $in: ['rescheduled', 'deleted'] } })
      .toArray();
    expect(left.map(record => record['reason'])).toEqual(['paused', 'paused']);
    for (const record of left) expect(Math.abs(record['count'] - 60)).toBeLessThan(5);
  });
});

describe('DELETE', () => {
  it('leaves a tombstone; the job made anew has another creation', async () => {
    const created = await api.put('/api/v1/jobs/gone', jobBody);
    expect((await api.delete('/api/v1/jobs/gone')).status).toBe(204);
    expect((await api.get('/api/v1/jobs/gone')).status).toBe(404);
    expect((await api.delete('/api/v1/jobs/gone')).status).toBe(404);
    const tombstone = await storedJob('gone');
    expect(tombstone).toMatchObject({ deleted: true, spec: null, sources: [], channels: [] });
    expect(tombstone?.['expireAt'].getTime()).toBeGreaterThan(Date.now() + longestAwayMs);
    expect(api.watchbell.removed).toContain('gone');
    expect(api.watchbell.announced).toContain(`job:gone@${tombstone?.['revision']}`);
    const anew = await api.put('/api/v1/jobs/gone', jobBody);
    expect(anew.status).toBe(201);
    expect(field(anew, 'createdRevision')).toBe(field(anew, 'revision'));
    expect(Number(field(anew, 'createdRevision'))).toBeGreaterThan(Number(field(created, 'createdRevision')));
    expect(await storedJob('gone')).not.toHaveProperty('expireAt');
  });

  it('of a source or channel in use is 409 and says by whom', async () => {
    for (const url of ['/api/v1/sources/access-log', '/api/v1/channels/ops-group']) {
      const answer = await api.delete(url);
      expect(answer.status).toBe(409);
      expect(problemOf(answer).detail).toContain('gone');
    }
    await api.put('/api/v1/channels/unused', channelBody);
    expect((await api.delete('/api/v1/channels/unused')).status).toBe(204);
    expect(JSON.stringify(await api.collection('channels').findOne({ deleted: true }))).toContain('"settings":{}');
  });

  it('with wait answers 200 and how far it is in force', async () => {
    await api.put('/api/v1/jobs/waited', smallJobBody);
    const answer = await api.delete('/api/v1/jobs/waited?wait=converged&timeoutMs=200');
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({ converged: { applied: 0, members: 0, converged: true } });
  });
});

describe('?wait=converged', () => {
  it('waits for every live member, at most the time that was given', async () => {
    const members = api.collection('members');
    const member = {
      ...{ hostId: 'h', role: 'worker', pid: 1, masterPid: 1, state: 'live', suspended: false, counter: 1 },
      ...{ leaseMs: 10_000, startedAt: new Date(), lastSeenAt: new Date(), appliedRevision: 0, clockSkewMs: 3 },
      process: { machineBootId: null, pidNamespace: null, startTicks: null },
    };
    await members.insertMany([
      { _id: 'h:1:a', ...member },
      { _id: 'h:2:b', ...member, suspended: true },
      { _id: 'h:3:c', ...member, state: 'dead' },
    ]);
    const url = '/api/v1/jobs/behind?wait=converged&timeoutMs=300ms';
    expect((await api.put(url, smallJobBody)).status).toBe(422);
    const late = await api.put('/api/v1/jobs/behind?wait=converged&timeoutMs=300', smallJobBody);
    expect(late.body).toMatchObject({ converged: { applied: 0, members: 1, converged: false } });
    const waiting = api.patch('/api/v1/jobs/behind?wait=converged&timeoutMs=10s', { title: 'x' });
    await eventually('the change is stored', async () => (await storedJob('behind'))?.['spec'].title === 'x');
    await members.updateOne({ _id: 'h:1:a' }, { $set: { appliedRevision: 1_000_000 } });
    expect((await waiting).body).toMatchObject({ converged: { applied: 1, members: 1, converged: true } });
    const cluster = await api.get('/api/v1/cluster');
    expect(cluster.body).toMatchObject({
      converged: true,
      members: expect.arrayContaining([
        expect.objectContaining({ id: 'h:1:a', role: 'worker', state: 'live', appliedRevision: 1_000_000 }),
        expect.objectContaining({ id: 'h:2:b', state: 'suspended' }),
        expect.objectContaining({ id: 'h:3:c', state: 'dead' }),
      ]),
    });
    await members.deleteMany({});
  });
});

describe('many writers', () => {
  it('of one job at a time all get an answer, and one definition stands', async () => {
    const put = (title: string, headers = {}) => api.put('/api/v1/jobs/busy', { ...smallJobBody, title }, { headers });
    const answers = await Promise.all(Array.from({ length: 50 }, (_, index) => put(`t${index}`)));
    expect(new Set(answers.map(answer => answer.status))).toEqual(new Set([200, 201]));
    expect(answers.filter(answer => answer.status === 201)).toHaveLength(1);
    const revisions = answers.map(revisionOf);
    expect(new Set(revisions).size).toBe(50);
    const last = answers.find(answer => revisionOf(answer) === Math.max(...revisions));
    expect((await api.get('/api/v1/jobs/busy')).body).toEqual(last?.body);
    const headers = { 'if-match': `"${Math.max(...revisions)}"` };
    const raced = await Promise.all(Array.from({ length: 20 }, (_, index) => put(`u${index}`, headers)));
    expect(raced.filter(answer => answer.status === 200)).toHaveLength(1);
    expect(raced.filter(answer => answer.status === 412)).toHaveLength(19);
  });

  it('never leave a job whose source is deleted, whoever is faster', async () => {
    const outcomes = new Set<string>();
    for (let round = 0; round < 50; round++) {
      const name = `race-${round}`;
      await api.put(`/api/v1/sources/${name}`, sourceBody);
      const job = { ...smallJobBody, check: { ...smallJobBody.check, source: name } };
      const writes = [() => api.put(`/api/v1/jobs/${name}`, job), () => api.delete(`/api/v1/sources/${name}`)];
      if (round % 2 === 1) writes.reverse();
      const answers = await Promise.all(writes.map(write => write()));
      const [put, removed] = round % 2 === 1 ? [...answers].reverse() : answers;
      outcomes.add(`${put?.status} ${removed?.status}`);
    }
    for (const outcome of outcomes) expect(['201 409', '422 204']).toContain(outcome);
  }, 60_000);
});

describe('a source that jobs use', () => {
  it('cannot become one of a kind that could not read their queries', async () => {
    await api.put('/api/v1/sources/turns', sourceBody);
    await api.put('/api/v1/jobs/uses-turns', { ...smallJobBody, check: { ...smallJobBody.check, source: 'turns' } });
    const mongodb = { kind: 'mongodb', url: 'mongodb://127.0.0.1:1/db', database: 'db' };
    const answer = await api.put('/api/v1/sources/turns', mongodb);
    expect(answer.status).toBe(409);
    expect(problemOf(answer).detail).toContain('uses-turns');
    await api.delete('/api/v1/jobs/uses-turns');
    expect((await api.put('/api/v1/sources/turns', mongodb)).status).toBe(200);
  });

  it('takes a query of its own kind, with operators in it, and gives it back unchanged', async () => {
    const query = { collection: 'log', pipeline: [{ $match: { 'a.b': { $gte: 5 } } }, { $count: 'value' }] };
    const check = { ...smallJobBody.check, source: 'turns', query };
    const answer = await api.put('/api/v1/jobs/aggregates', { ...smallJobBody, check });
    expect(answer.status).toBe(201);
    expect((await api.get('/api/v1/jobs/aggregates')).body).toMatchObject({ check: { query } });
  });
});
