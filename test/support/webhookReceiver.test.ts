import { createHmac } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebhookReceiver } from './webhookReceiver';

describe('the webhook receiver of the tests', () => {
  let receiver: WebhookReceiver;
  beforeEach(async () => {
    receiver = new WebhookReceiver('s3cret');
    await receiver.start();
  });
  afterEach(() => receiver.stop());

  const post = (body: string, headers: Record<string, string> = {}) =>
    fetch(receiver.url, { method: 'POST', body, headers, signal: AbortSignal.timeout(2000) });
  const signed = (body: string, secret = 's3cret') => ({
    'x-timestamp': '1763687400000',
    'x-signature': createHmac('sha256', secret).update(`1763687400000.${body}`).digest('hex'),
    'idempotency-key': 'a:1:ops',
    'watchbell-fence': '3',
  });

  it('keeps id, fence, headers and body of a call whose signature is right', async () => {
    expect((await post('{"a":1}', signed('{"a":1}'))).status).toBe(204);
    expect(receiver.taken).toMatchObject([{ id: 'a:1:ops', fence: 3, signature: 'valid', body: { a: 1 } }]);
  });

  it('refuses a wrong signature, a changed body and none', async () => {
    expect((await post('{}', signed('{}', 'wrong'))).status).toBe(401);
    expect((await post('{"a":2}', signed('{"a":1}'))).status).toBe(401);
    expect((await post('{}')).status).toBe(401);
    expect(receiver.calls.map(call => call.signature)).toEqual(['invalid', 'invalid', 'absent']);
    expect(receiver.taken).toEqual([]);
  });

  it('counts what was taken by id, the cut connection too, and not what was refused', async () => {
    receiver.answer(503, { 'retry-after': '7' }, 1);
    expect((await post('{}', signed('{}'))).headers.get('retry-after')).toBe('7');
    receiver.behave({ type: 'reset' }, 1);
    await expect(post('{}', signed('{}'))).rejects.toThrow();
    await post('{}', signed('{}'));
    expect(receiver.takenById()).toEqual(new Map([['a:1:ops', 2]]));
    expect(receiver.requestCount).toBe(3);
  });
});
