import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { Api, problemOf, useApi } from '../../support/api';

const api = useApi();

const openapi = z.object({
  openapi: z.literal('3.1.0'),
  paths: z.record(
    z.string(),
    z.record(
      z.string(),
      z.object({
        operationId: z.string(),
        summary: z.string().min(1),
        parameters: z.array(z.object({ name: z.string(), in: z.enum(['path', 'query']), required: z.boolean() })),
        requestBody: z
          .object({ content: z.record(z.string(), z.object({ schema: z.record(z.string(), z.unknown()) })) })
          .optional(),
        responses: z.record(z.string(), z.unknown()),
      }),
    ),
  ),
});

describe('the OpenAPI document', () => {
  it('has every route of the contract with the methods that it takes', async () => {
    const { paths } = openapi.parse((await api.get('/api/v1/openapi.json')).body);
    const methods = Object.fromEntries(
      Object.entries(paths).map(([path, item]) => [path, Object.keys(item).join(' ')]),
    );
    const definition = 'get put patch delete';
    expect(methods).toMatchObject({
      ...{ '/api/v1/jobs': 'get', '/api/v1/jobs/{name}': definition },
      ...{ '/api/v1/jobs/{name}/pause': 'post', '/api/v1/jobs/{name}/resume': 'post' },
      ...{ '/api/v1/sources': 'get', '/api/v1/sources/{name}': definition, '/api/v1/sources/{name}/test': 'post' },
      ...{ '/api/v1/channels': 'get', '/api/v1/channels/{name}': definition, '/api/v1/channels/{name}/test': 'post' },
      ...{ '/api/v1/runs': 'get', '/api/v1/runs/{id}': 'get', '/api/v1/deliveries': 'get', '/api/v1/kinds': 'get' },
      ...{ '/api/v1/alerts': 'get', '/api/v1/alerts/{id}': 'get', '/api/v1/alerts/{id}/transitions': 'get' },
      ...{ '/api/v1/mutes': 'get post', '/api/v1/mutes/{id}': 'delete', '/api/v1/mutes/preview': 'post' },
      ...{ '/api/v1/tokens': 'get post', '/api/v1/tokens/{id}': 'delete', '/api/v1/cluster': 'get' },
      ...{ '/close': 'get post', '/open': 'get post', '/healthz': 'get', '/readyz': 'get', '/metrics': 'get' },
    });
  });

  it('names every parameter of a path once, and gives each operation an id of its own', async () => {
    const { paths } = openapi.parse((await api.get('/api/v1/openapi.json')).body);
    const ids: string[] = [];
    for (const [path, item] of Object.entries(paths)) {
      for (const operation of Object.values(item)) {
        ids.push(operation.operationId);
        const inPath = operation.parameters.filter(parameter => parameter.in === 'path').map(({ name }) => name);
        expect(inPath).toEqual([...path.matchAll(/\{(\w+)\}/g)].map(match => match[1]));
      }
    }
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('describes the bodies by the schemas that judge them', async () => {
    const { paths } = openapi.parse((await api.get('/api/v1/openapi.json')).body);
    const schema = (path: string, method: string) =>
      paths[path]?.[method]?.requestBody?.content['application/json']?.schema ?? {};
    expect(schema('/api/v1/jobs/{name}', 'put')).toMatchObject({
      required: expect.arrayContaining(['kind', 'schedule', 'check']),
      properties: {
        overlap: { enum: ['skip', 'queue', 'allow', 'replace'] },
        check: { properties: { rule: { properties: { threshold: expect.anything() } } } },
      },
    });
    const forms = z.object({ oneOf: z.array(z.object({ properties: z.record(z.string(), z.unknown()) })) });
    const channels = forms.parse(schema('/api/v1/channels/{name}', 'put')).oneOf;
    expect(channels.map(form => form.properties['kind'])).toContainEqual({ type: 'string', const: 'wecom-robot' });
    expect(schema('/api/v1/tokens', 'post')).toMatchObject({ required: expect.arrayContaining(['name', 'role']) });
  });
});

describe('GET /kinds', () => {
  it('lists every kind with the JSON schema of its settings', async () => {
    const answer = await api.get('/api/v1/kinds');
    expect(answer.body).toMatchObject({
      jobs: [{ kind: 'check', settings: { type: 'object' } }],
      sources: expect.arrayContaining([
        expect.objectContaining({ kind: 'clickhouse', settings: expect.objectContaining({ type: 'object' }) }),
      ]),
      channels: expect.arrayContaining([expect.objectContaining({ kind: 'webhook' })]),
    });
  });
});

describe('every answer', () => {
  it('is not stored by anybody on the way, sets no cookie, and forbids what a page could do with it', async () => {
    for (const answer of [await api.get('/api/v1/jobs'), await api.get('/api/v1/nothing'), await api.get('/healthz')]) {
      expect(answer.headers.get('set-cookie')).toBeNull();
      expect(answer.headers.get('cache-control')).toBe('no-store');
      expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
      expect(answer.headers.get('x-frame-options')).toBe('DENY');
      expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'");
      expect(answer.headers.get('content-type')).toContain('charset=utf-8');
    }
  });

  it('to what Egg itself refuses is a problem too', async () => {
    const answer = await api.get('/api/%2e%2e/%2e%2e/x');
    expect(problemOf(answer)).toMatchObject({ status: answer.status });
    expect([400, 404]).toContain(answer.status);
    expect(problemOf(await api.call('OPTIONS', '/api/v1/jobs')).status).toBe(405);
  });

  it('to a failure that nobody foresaw says only under which id the log has more', async () => {
    const { runs, log } = api.watchbell;
    const list = runs.list;
    Reflect.set(runs, 'list', async () => {
      throw new Error('connection string mongodb://u:secret@host');
    });
    try {
      const answer = await api.get('/api/v1/runs');
      expect(answer.status).toBe(500);
      expect(answer.text).not.toContain('secret');
      const line = log.lines.find(({ event }) => event === 'http.failed');
      expect(problemOf(answer).detail).toContain(String(line?.fields['id']));
    } finally {
      Reflect.set(runs, 'list', list);
    }
  });
});

describe('health', () => {
  it('needs no token; readiness says what is missing', async () => {
    expect((await api.get('/healthz', { token: null })).body).toEqual({ status: 'ok' });
    const ready = await api.get('/readyz', { token: null });
    expect(ready.status).toBe(503);
    expect(ready.body).toEqual({ ready: false, reasons: ['a test holds no lease'] });
  });

  it('figures come as text for whoever has a token', async () => {
    const answer = await api.get('/metrics');
    expect(answer.headers.get('content-type')).toContain('text/plain');
    expect(answer.text).toContain('watchbell_up 1');
    expect((await api.get('/metrics', { token: null })).status).toBe(401);
  });
});

describe('while MongoDB is away', () => {
  const away = new Api('mongodb://127.0.0.1:1/watchbell?replicaSet=rs0');
  beforeAll(() => away.start());
  afterAll(() => away.stop());
  const token = `wb_${'x'.repeat(43)}`;

  it('every call answers 503 with Retry-After within 4 s, many writes at once too', async () => {
    const calls = [
      () => away.get('/api/v1/jobs', { token }),
      () => away.put('/api/v1/jobs/a', {}, { token }),
      () => away.get('/close?name=a', { token }),
      () => away.get('/api/v1/runs', { token }),
    ];
    const startedAt = performance.now();
    const answers = await Promise.all([...calls, ...calls, ...calls].map(call => call()));
    expect(performance.now() - startedAt).toBeLessThan(4000);
    for (const answer of answers) {
      expect(problemOf(answer).status).toBe(503);
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    }
    expect((await away.get('/healthz', { token: null })).status).toBe(200);
  });

  it('writes that wait for each other are all answered within the limit of one', async () => {
    const { jobs } = away.watchbell.definitions;
    const options = { by: 'x', precondition: { type: 'none' }, dryRun: false } as const;
    const startedAt = performance.now();
    const writes = await Promise.allSettled(Array.from({ length: 20 }, () => jobs.put('a', {}, options)));
    expect(performance.now() - startedAt).toBeLessThan(4000);
    expect(writes.every(write => write.status === 'rejected')).toBe(true);
  });
});
