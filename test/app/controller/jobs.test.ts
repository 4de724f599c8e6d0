import { beforeAll, describe, expect, it } from 'vitest';
import { field, itemsOf, problemOf, useApi } from '../../support/api';
import { defineRemotes, jobBody, smallJobBody } from '../../support/definitions';

const api = useApi();
beforeAll(() => defineRemotes(api));

describe('a job', () => {
  it('is created by PUT, answered as api.md shows it, and unchanged by the same PUT', async () => {
    const created = await api.put('/api/v1/jobs/online-404', jobBody);
    expect(created.status).toBe(201);
    expect(created.body).toMatchObject({ ...jobBody, name: 'online-404', paused: null });
    const again = await api.put('/api/v1/jobs/online-404', jobBody);
    expect(again.status).toBe(200);
    expect(again.body).toEqual(created.body);
    expect((await api.get('/api/v1/jobs/online-404')).body).toEqual(created.body);
    expect(created.headers.get('etag')).toBe(`"${String(field(created, 'revision'))}"`);
    const announced = api.watchbell.announced.filter(change => change.startsWith('job:online-404'));
    expect(announced).toEqual([`job:online-404@${String(field(created, 'revision'))}`]);
  });

  it.each([
    ['overlap', ['skip', 'queue', 'allow', 'replace']],
    ['misfire', ['skip', 'last', 'all']],
  ])('takes every policy of %s, and names them all where it is given another', async (field, policies) => {
    for (const policy of policies) {
      const answer = await api.put('/api/v1/jobs/policies', { ...smallJobBody, [field]: policy });
      expect(answer.body).toMatchObject({ [field]: policy });
    }
    const refused = await api.put('/api/v1/jobs/policies', { ...smallJobBody, [field]: 'sometimes' });
    const [error] = problemOf(refused).errors;
    expect(error?.path).toBe(field);
    for (const policy of policies) expect(error?.message).toContain(policy);
  });

  it.each([
    ['graceMs', 14_999, 15_000],
    ['timeoutMs', 99, 100],
    ['misfireLimit', 0, 1],
  ])('takes no %s of %i: a host must have had its turn, and a run its time', async (field, under, least) => {
    const refused = await api.put('/api/v1/jobs/bounds', { ...smallJobBody, [field]: under });
    expect(problemOf(refused).errors.map(error => error.path)).toEqual([field]);
    expect((await api.put('/api/v1/jobs/bounds', { ...smallJobBody, [field]: least })).body).toMatchObject({
      [field]: least,
    });
  });

  it('takes back what GET answered', async () => {
    const stored = await api.get('/api/v1/jobs/online-404');
    const again = await api.put('/api/v1/jobs/online-404', stored.body);
    expect(again.status).toBe(200);
    expect(again.body).toEqual(stored.body);
  });

  it('that asks for hosts tells which live ones may run it, and takes that back without looking at it', async () => {
    const placement = { on: 'every-host', hostLabels: { zone: 'eu' } };
    const created = await api.put('/api/v1/jobs/placed', { ...smallJobBody, placement });
    expect(created.body).toMatchObject({ placement, liveHosts: [] });
    const read = await api.get('/api/v1/jobs/placed');
    expect(read.body).toEqual(created.body);
    const again = await api.put('/api/v1/jobs/placed', { ...Object(read.body), liveHosts: ['yesterday'] });
    expect([again.status, field(again, 'revision')]).toEqual([200, field(created, 'revision')]);
  });

  it('is planned anew when other hosts than before run every occurrence, and only then', async () => {
    const plannedFrom = async (placement: Record<string, unknown>) =>
      field(await api.put('/api/v1/jobs/moved', { ...smallJobBody, placement }), 'plannedFromAt');
    const one = await plannedFrom({ on: 'one' });
    expect(await plannedFrom({ on: 'one', hostLabels: { zone: 'eu' } })).toBe(one);
    const every = await plannedFrom({ on: 'every-host', hostLabels: { zone: 'eu' } });
    expect(every).not.toBe(one);
    expect(await plannedFrom({ on: 'every-host', hostLabels: { zone: 'us' } })).not.toBe(every);
  });

  it('refuses another value of a field that only the server sets', async () => {
    const answer = await api.patch('/api/v1/jobs/online-404', { paused: { note: 'x' }, revision: 999 });
    expect(answer.status).toBe(422);
    expect(problemOf(answer).errors.map(error => error.path)).toEqual(['revision', 'paused']);
  });

  it('has the defaults of the contract', async () => {
    const answer = await api.put('/api/v1/jobs/small', smallJobBody);
    expect(answer.status).toBe(201);
    const { labels: _labels, ...rest } = jobBody;
    expect(answer.body).toMatchObject({
      ...rest,
      title: 'small',
      labels: {},
      check: { ...smallJobBody.check },
      notify: { channels: [], repeatMs: 3_600_000, onResolved: true },
    });
  });
});

describe('a list of jobs', () => {
  it('comes in pages and can be filtered', async () => {
    for (const name of ['p1', 'p2', 'p3']) await api.put(`/api/v1/jobs/${name}`, { ...smallJobBody, enabled: false });
    const first = await api.get('/api/v1/jobs?enabled=false&limit=2');
    expect(itemsOf(first).map(job => job['name'])).toEqual(['p1', 'p2']);
    const next = await api.get(`/api/v1/jobs?enabled=false&limit=2&cursor=${String(field(first, 'nextCursor'))}`);
    expect(itemsOf(next).map(job => job['name'])).toEqual(['p3']);
    expect(field(next, 'nextCursor')).toBeNull();
    expect((await api.get('/api/v1/jobs?cursor=nonsense')).status).toBe(422);
    expect((await api.get('/api/v1/jobs?limit=501')).status).toBe(422);
    expect((await api.get('/api/v1/jobs?colour=red')).status).toBe(422);
  });
});
