import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { field, useApi } from '../../support/api';
import { channelBody, sourceBody } from '../../support/definitions';
import { WebhookReceiver } from '../../support/webhookReceiver';

const api = useApi();
const receiver = new WebhookReceiver('s3cr3t-hmac');
beforeAll(() => receiver.start());
afterAll(() => receiver.stop());

describe('trying a channel', () => {
  it('sends a message that says that it is a test, and heals what was broken', async () => {
    await api.put('/api/v1/channels/hook', { kind: 'webhook', url: receiver.url, secret: 's3cr3t-hmac' });
    const broken = { code: 'http410', message: 'gone', since: new Date() };
    await api.collection('channels').updateOne({ _id: 'hook' }, { $set: { broken } });
    const answer = await api.post('/api/v1/channels/hook/test', undefined, { token: api.tokens.operator });
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ ok: true, error: null });
    expect(receiver.taken).toHaveLength(1);
    expect(receiver.taken[0]).toMatchObject({ signature: 'valid', body: { title: 'Test of the channel hook' } });
    expect(field(await api.get('/api/v1/channels/hook'), 'broken')).toBeNull();
  });

  it('answers what went wrong, without the secret, and heals nothing', async () => {
    await api.put('/api/v1/channels/robot', channelBody);
    const broken = { code: '93000', message: 'invalid webhook url', since: new Date() };
    await api.collection('channels').updateOne({ _id: 'robot' }, { $set: { broken } });
    const answer = await api.post('/api/v1/channels/robot/test');
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ ok: false, answer: null, error: { code: 'network' } });
    expect(answer.text).not.toContain('s3cr3t');
    expect(field(await api.get('/api/v1/channels/robot'), 'broken')).toMatchObject({ code: '93000' });
    expect((await api.post('/api/v1/channels/none/test')).status).toBe(404);
  });
});

describe('trying a source', () => {
  it('answers what the remote said, or why it said nothing', async () => {
    await api.put('/api/v1/sources/closed', { ...sourceBody, url: 'http://127.0.0.1:9' });
    const answer = await api.post('/api/v1/sources/closed/test');
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ ok: false, error: { code: expect.any(String), message: expect.any(String) } });
    expect(answer.text).not.toContain('hunter2');
    expect((await api.post('/api/v1/sources/none/test')).status).toBe(404);
    expect((await api.post('/api/v1/sources/closed/test', {}, { token: api.tokens.viewer })).status).toBe(403);
  });
});
