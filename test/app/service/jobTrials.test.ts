import { MongoClient } from 'mongodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { evaluate } from '../../../app/domain/alert/evaluate';
import { TokenService } from '../../../app/service/tokens';
import { type Answer, problemOf, useApi } from '../../support/api';
import { startHttpRemote } from '../../support/httpRemote';
import { WebhookReceiver } from '../../support/webhookReceiver';
import { jobWith } from '../domain/alert/fixture';

const api = useApi();
const secret = 's3cr3t-hmac';
const receiver = new WebhookReceiver(secret);
/** The figures that checks ask for stand in a database of their own. */
const figures = api.url.replace(/(wb_[0-9a-f]+)/, '$1_figures');
const client = new MongoClient(figures);

const job = {
  kind: 'check',
  title: 'Orders waiting',
  labels: { severity: 'critical' },
  schedule: { everyMs: 60_000 },
  check: {
    source: 'orders',
    query: { collection: 'waiting', pipeline: [{ $project: { _id: 0, shop: 1, value: 1 } }, { $sort: { shop: 1 } }] },
    rule: { op: '>', threshold: 100 },
  },
  notify: { channels: ['hook', 'robot'] },
};

const trial = z.object({
  series: z.array(z.record(z.string(), z.unknown())),
  messages: z.array(
    z.object({
      channel: z.string(),
      kind: z.string(),
      text: z.string(),
      bodies: z.array(z.unknown()),
      mutedBy: z.array(z.string()),
    }),
  ),
  error: z.object({ code: z.string(), message: z.string() }).optional(),
});

const trialOf = (answer: Answer) => {
  if (answer.status !== 200) throw new Error(answer.text);
  return trial.parse(answer.body);
};

const withRule = (rule: Record<string, unknown>, over: Record<string, unknown> = {}) => ({
  ...job,
  ...over,
  check: { ...job.check, rule: { ...job.check.rule, ...rule } },
});

/** Everything that a run or a message could leave behind. */
async function left(): Promise<unknown> {
  const collections = await api.database.db.listCollections({}, { nameOnly: true }).toArray();
  const pairs = collections.map(async ({ name }) => [
    name,
    await api.collection(name).find().sort({ _id: 1 }).toArray(),
  ]);
  return Object.fromEntries(await Promise.all(pairs));
}

/** A firing alert of this series, told a minute ago, its message not yet a delivery. */
async function storeAlert(name: string, series: Record<string, string>): Promise<void> {
  const { createdRevision } = z
    .object({ createdRevision: z.number() })
    .parse((await api.get(`/api/v1/jobs/${name}`)).body);
  const input = jobWith({ name, notify: { channels: ['hook'] } });
  const { alerts } = evaluate({
    job: { ...input, createdRevision },
    result: { type: 'series', series: [{ labels: series, value: 200 }] },
    alerts: [],
    scheduledAt: new Date(Date.now() - 60_000),
    fence: 1,
  });
  for (const { alertId, ...alert } of alerts) {
    await api.collection('alerts').insertOne({ _id: alertId, ...alert, hasOutbox: true });
  }
}

beforeAll(async () => {
  await receiver.start();
  await client.connect();
  await client
    .db()
    .collection('waiting')
    .insertMany([
      { shop: 'berlin', value: 7 },
      { shop: 'paris', value: 101 },
    ]);
  await api.put('/api/v1/sources/orders', { kind: 'mongodb', url: figures });
  await api.put('/api/v1/channels/hook', { kind: 'webhook', url: `${receiver.url}?token=${secret}`, secret });
  await api.put('/api/v1/channels/robot', { kind: 'wecom-robot', url: `${receiver.url}?key=${secret}` });
});
afterAll(async () => {
  await client.db().dropDatabase();
  await client.close();
  await receiver.stop();
});

describe('the trial of a check that is not stored', () => {
  it('answers the series with their states and the messages as each channel would send them', async () => {
    const answer = trialOf(await api.post('/api/v1/jobs/test', job, { token: api.tokens.operator }));
    expect(answer.series).toEqual([
      { labels: { shop: 'berlin' }, value: 7, state: 'ok' },
      { labels: { shop: 'paris' }, value: 101, state: 'firing', transition: { from: 'ok', to: 'firing', note: null } },
    ]);
    expect(answer.messages).toMatchObject([
      {
        channel: 'hook',
        kind: 'firing',
        mutedBy: [],
        bodies: [{ title: 'Orders waiting', series: { shop: 'paris' } }],
      },
      { channel: 'robot', kind: 'firing', bodies: [{ msgtype: 'markdown' }] },
    ]);
    expect(answer.messages[0]?.text).toContain('FIRING · Orders waiting · critical');
    expect(answer.messages[0]?.text).toContain('shop=paris');
    expect(answer.messages[1]?.text).toContain('https://watchbell.example/alerts/');
    expect(answer.error).toBeUndefined();
  });

  it('shows what waits for forMs as pending, without a message', async () => {
    const answer = trialOf(await api.post('/api/v1/jobs/test', withRule({ forMs: 60_000 })));
    expect(answer.series.map(series => series['state'])).toEqual(['ok', 'pending']);
    expect(answer.messages).toEqual([]);
  });

  it('says what the source said against it, and what would be told of it', async () => {
    const url = 'mongodb://127.0.0.1:9/x';
    await api.put('/api/v1/sources/closed', { kind: 'mongodb', url, timeoutMs: 300 });
    const answer = trialOf(await api.post('/api/v1/jobs/test', { ...job, check: { ...job.check, source: 'closed' } }));
    expect(answer.error).toMatchObject({ code: expect.any(String), message: expect.any(String) });
    expect(answer.series).toMatchObject([{ labels: {}, value: null, state: 'error' }]);
    expect(answer.messages.map(message => message.kind)).toEqual(['error', 'error']);
    expect(answer.messages[0]?.text).toContain(String(answer.error?.message));
  });

  it('is ended by the time limit of the job', async () => {
    const silent = await startHttpRemote(() => undefined);
    await api.put('/api/v1/sources/silent', { kind: 'clickhouse', url: `http://127.0.0.1:${silent.port}` });
    const check = { ...job.check, source: 'silent', query: 'SELECT 1' };
    const answer = trialOf(await api.post('/api/v1/jobs/test', { ...job, timeoutMs: 200, check }));
    await silent.close();
    expect(answer.error).toMatchObject({ code: 'timeout' });
    expect(answer.series).toMatchObject([{ state: 'error' }]);
  });

  it('is refused with every fault that PUT would name, references and the name too', async () => {
    const body = { ...withRule({ op: '=>' }), name: 'No Slug', schedule: { cron: '99 * * * *' } };
    const faulty = { ...body, notify: { channels: ['none'] }, check: { ...body.check, source: 'none' } };
    const paths = (answer: Answer) => problemOf(answer).errors.map(error => error.path);
    const put = await api.put('/api/v1/jobs/x', { ...faulty, name: undefined });
    const answer = await api.post('/api/v1/jobs/test', faulty);
    expect(answer.status).toBe(422);
    expect(paths(answer)).toEqual(['name', ...paths(put)]);
    expect(paths(put)).toEqual(expect.arrayContaining(['schedule.cron', 'notify.channels.0', 'check.source']));
  });

  it('names the mutes that would hold a message', async () => {
    const matchers = [{ label: 'job', op: '=', value: 'orders-muted' }];
    const mute = z.object({ id: z.string() }).parse((await api.post('/api/v1/mutes', { matchers, for: '1h' })).body);
    const answer = trialOf(await api.post('/api/v1/jobs/test', { ...job, name: 'orders-muted' }));
    expect(answer.messages.map(message => message.mutedBy)).toEqual([[mute.id], [mute.id]]);
  });

  it('stores nothing, sends nothing and shows no secret', async () => {
    await api.put('/api/v1/jobs/orders', job);
    const before = await left();
    const calls = receiver.calls.length;
    const answers = [
      await api.post('/api/v1/jobs/test', { ...job, name: 'orders' }),
      await api.post('/api/v1/jobs/orders/test'),
    ];
    for (const answer of answers) {
      expect(trialOf(answer).messages).toHaveLength(2);
      expect(answer.text).not.toContain(secret);
    }
    expect(await left()).toEqual(before);
    expect(receiver.calls).toHaveLength(calls);
  });
});

describe('the trial of a stored check', () => {
  it('is judged against the states that its alerts have now', async () => {
    await api.put('/api/v1/jobs/judged', job);
    const fresh = trialOf(await api.post('/api/v1/jobs/judged/test'));
    expect(fresh.messages.map(message => message.kind)).toEqual(['firing', 'firing']);
    await storeAlert('judged', { shop: 'paris' });
    await storeAlert('judged', { shop: 'rome' });
    const answer = trialOf(await api.post('/api/v1/jobs/judged/test'));
    expect(answer.series).toEqual([
      { labels: { shop: 'berlin' }, value: 7, state: 'ok' },
      { labels: { shop: 'paris' }, value: 101, state: 'firing' },
      {
        labels: { shop: 'rome' },
        value: null,
        state: 'noData',
        transition: { from: 'firing', to: 'noData', note: 'was firing' },
      },
    ]);
    expect(answer.messages.map(message => message.kind)).toEqual(['noData', 'noData']);
  });

  it('is an operator’s work, within the jobs of the token', async () => {
    expect((await api.post('/api/v1/jobs/none/test')).status).toBe(404);
    const viewer = { token: api.tokens.viewer };
    expect((await api.post('/api/v1/jobs/orders/test', undefined, viewer)).status).toBe(403);
    expect((await api.post('/api/v1/jobs/test', job, viewer)).status).toBe(403);
    const { token } = await new TokenService(api.database).create(
      { name: 'web', role: 'operator', scopes: [], jobs: ['web-*'], expiresAt: null },
      'test',
    );
    expect((await api.post('/api/v1/jobs/orders/test', undefined, { token })).status).toBe(403);
    expect((await api.post('/api/v1/jobs/test', job, { token })).status).toBe(403);
    expect((await api.post('/api/v1/jobs/test', { ...job, name: 'orders' }, { token })).status).toBe(403);
    expect((await api.post('/api/v1/jobs/test', { ...job, name: 'web-orders' }, { token })).status).toBe(200);
  });
});
