import { beforeAll, describe, expect, it } from 'vitest';
import { type Api, field, itemsOf, problemOf, useApi } from '../../support/api';
import { defineRemotes, smallJobBody } from '../../support/definitions';

const api = useApi();
beforeAll(async () => {
  await defineRemotes(api);
  for (const name of ['a', 'b', 'shop-orders', 'shop-carts']) await api.put(`/api/v1/jobs/${name}`, smallJobBody);
});

async function tokenOf(api: Api, fields: object): Promise<string> {
  return String(field(await api.post('/api/v1/tokens', { name: 'limited', role: 'viewer', ...fields }), 'token'));
}

describe('/close and /open', () => {
  it('take names by GET and by POST, in the query and in the body, under the old name too', async () => {
    const byGet = await api.get('/close?name=a&name=b&for=2h');
    expect(byGet.status).toBe(200);
    expect(byGet.body).toEqual({ closed: ['a', 'b'], endsAt: expect.any(String), inFlight: 0 });
    const inTwoHours = Date.parse(String(field(byGet, 'endsAt'))) - Date.now();
    expect(Math.abs(inTwoHours - 7_200_000)).toBeLessThan(60_000);
    expect((await api.post('/close', { script: ['a'], for: 'forever' })).body).toMatchObject({ endsAt: null });
    expect((await api.post('/close?script=b', { until: '2099-01-01T00:00:00Z' })).body).toMatchObject({
      endsAt: '2099-01-01T00:00:00.000Z',
    });
    const active = itemsOf(await api.get('/api/v1/mutes?active=true'));
    expect(active.map(mute => mute['closeName']).sort()).toEqual(['a', 'b']);
    expect((await api.post('/open', { name: 'a' })).body).toEqual({ opened: ['a'], stillMutedBy: [] });
    expect((await api.get('/open?script=b')).body).toEqual({ opened: ['b'], stillMutedBy: [] });
    expect((await api.get('/open?name=b')).body).toEqual({ opened: ['b'], stillMutedBy: [] });
    expect(itemsOf(await api.get('/api/v1/mutes?active=true'))).toEqual([]);
  });

  it('last a day where no end is given', async () => {
    const answer = await api.post('/close?name=a');
    const lastsMs = Date.parse(String(field(answer, 'endsAt'))) - Date.now();
    expect(Math.abs(lastsMs - 86_400_000)).toBeLessThan(60_000);
    await api.get('/open?name=a');
  });

  it('are all that a close-only token may call', async () => {
    const token = await tokenOf(api, { scopes: ['close'] });
    expect((await api.get('/close?name=a', { token })).status).toBe(200);
    expect((await api.get('/open?name=a', { token })).status).toBe(200);
    for (const url of ['/api/v1/jobs', '/metrics', '/api/v1/openapi.json']) {
      expect(problemOf(await api.get(url, { token })).status).toBe(403);
    }
  });

  it('take no token in the query unless a setting allows it, and then only a close-only one', async () => {
    const token = await tokenOf(api, { scopes: ['close'] });
    const url = (text: string) => `/close?name=a&token=${text}`;
    expect((await api.get(url(token), { token: null })).status).toBe(401);
    const { settings } = api.watchbell;
    Reflect.set(settings, 'closeTokenInQuery', true);
    try {
      expect((await api.get(url(token), { token: null })).status).toBe(200);
      expect((await api.get(url(api.tokens.admin), { token: null })).status).toBe(403);
      expect((await api.get(url('wb_nonsense'), { token: null })).status).toBe(401);
      expect((await api.get(`/api/v1/jobs?token=${token}`, { token: null })).status).toBe(401);
    } finally {
      Reflect.set(settings, 'closeTokenInQuery', false);
      await api.get('/open?name=a');
    }
  });
});

describe('a token that is limited to some jobs', () => {
  it('writes, closes and mutes those and no others', async () => {
    const token = await tokenOf(api, { role: 'admin', jobs: ['shop-*'] });
    expect((await api.patch('/api/v1/jobs/shop-orders', { title: 'x' }, { token })).status).toBe(200);
    expect((await api.patch('/api/v1/jobs/a', { title: 'x' }, { token })).status).toBe(403);
    expect((await api.delete('/api/v1/jobs/a', { token })).status).toBe(403);
    expect((await api.post('/api/v1/jobs/a/pause', {}, { token })).status).toBe(403);
    expect((await api.get('/close?name=shop-orders', { token })).status).toBe(200);
    expect((await api.get('/close?name=shop-orders&name=a', { token })).status).toBe(403);
    expect((await api.get('/open?name=shop-orders', { token })).status).toBe(200);
    const mute = (value: string, label = 'job') => ({ matchers: [{ label, op: '=', value }], for: '1h' });
    expect((await api.post('/api/v1/mutes', mute('shop-carts'), { token })).status).toBe(201);
    expect((await api.post('/api/v1/mutes', mute('a'), { token })).status).toBe(403);
    expect((await api.post('/api/v1/mutes', mute('web', 'team'), { token })).status).toBe(403);
    expect((await api.delete('/api/v1/sources/access-log', { token })).status).toBe(403);
    expect((await api.post('/api/v1/tokens', { name: 'wider', role: 'admin' }, { token })).status).toBe(403);
  });
});

describe('tokens', () => {
  it('are listed without their texts, which are stored only as hashes', async () => {
    const made = await api.post('/api/v1/tokens', { name: 'ci', role: 'operator', expiresAt: '2099-01-01T00:00:00Z' });
    const text = String(field(made, 'token'));
    expect(text).toMatch(/^wb_[A-Za-z0-9_-]{43}$/);
    const listed = await api.get('/api/v1/tokens?limit=500');
    expect(listed.text).not.toContain(text);
    expect(itemsOf(listed)).toContainEqual(
      expect.objectContaining({
        name: 'ci',
        role: 'operator',
        createdBy: 'admin',
        expiresAt: '2099-01-01T00:00:00.000Z',
      }),
    );
    const stored = await api.collection('tokens').find({}).toArray();
    expect(JSON.stringify(stored)).not.toContain(text);
    expect((await api.delete('/api/v1/tokens/nonsense')).status).toBe(404);
  });
});

describe('mutes', () => {
  it('are made, previewed, listed and ended', async () => {
    const matchers = [{ label: 'team', op: '=~', value: 'web.*' }];
    const made = await api.post('/api/v1/mutes', { matchers, for: '90s', note: 'release' });
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({ matchers, note: 'release', createdBy: 'admin', startsAt: null, ended: false });
    expect((await api.post('/api/v1/mutes/preview', { matchers })).body).toEqual({ alerts: [], total: 0 });
    expect((await api.delete(`/api/v1/mutes/${String(field(made, 'id'))}`)).status).toBe(204);
    const over = itemsOf(await api.get('/api/v1/mutes?active=false')).map(mute => mute['id']);
    expect(over).toContain(field(made, 'id'));
  });

  it('need an end, said literally where there is none', async () => {
    const matchers = [{ label: 'team', op: '=', value: 'web' }];
    expect((await api.post('/api/v1/mutes', { matchers })).status).toBe(422);
    expect((await api.post('/api/v1/mutes', { matchers, for: '1h', endsAt: '2099-01-01T00:00:00Z' })).status).toBe(422);
    const forever = await api.post('/api/v1/mutes', { matchers, for: 'forever' });
    expect(forever.body).toMatchObject({ endsAt: null });
    const both = { matchers, for: 'forever', endsAt: '2099-01-01T00:00:00Z' };
    expect((await api.post('/api/v1/mutes', both)).status).toBe(422);
    const wrong = await api.post('/api/v1/mutes', { matchers: [{ label: 'job', op: '~', value: 'x' }], fro: '1h' });
    expect(
      problemOf(wrong)
        .errors.map(error => error.path)
        .sort(),
    ).toEqual(['fro', 'matchers.0.op']);
  });
});
