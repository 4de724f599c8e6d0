import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { MessageContext } from '../../../app/channel/types';
import { webhook } from '../../../app/channel/webhook';
import { alertMessage } from '../../support/alertMessage';
import { channelError } from '../../support/channelError';
import { sendContext } from '../../support/sendContext';
import { WebhookReceiver } from '../../support/webhookReceiver';

const secret = 'correct horse battery staple';
const plain: MessageContext = { possibleDuplicate: false, link: null };

describe('the settings of a webhook', () => {
  it('need only the address', () => {
    expect(webhook.settings.parse({ url: 'https://hooks.example.com/x' })).toMatchObject({ timeoutMs: 10_000 });
  });

  it.each([
    ['no URL', { url: 'hooks.example.com' }, 'Not a URL'],
    ['another scheme', { url: 'file:///etc/passwd' }, 'Only https and http'],
    ['a password in the URL', { url: 'https://me:hush@hooks.example.com' }, 'User and password'],
    ['an empty secret', { url: 'https://hooks.example.com', secret: '' }, 'secret'],
  ])('refuse %s', (_, given, sentence) => {
    const parsed = webhook.settings.safeParse(given);
    expect(parsed.error?.message).toContain(sentence);
    expect(parsed.error?.message).not.toContain('hush');
  });
});

describe('the body of a webhook', () => {
  const bodyOf = (message = alertMessage(), context = plain) =>
    JSON.stringify(webhook.parts(webhook.settings.parse({ url: 'https://x.example' }), message, context)[0]?.body);

  it('says everything as data, and the same as text', () => {
    const message = alertMessage({ error: { code: '62', message: 'Syntax error' }, note: 'was firing' });
    expect(JSON.parse(bodyOf(message, { possibleDuplicate: true, link: 'https://wb.example/a/1' }))).toEqual({
      version: 1,
      alertId: 'online-404.41.3f9c01ab77e2d410',
      seq: 7,
      kind: 'firing',
      job: 'online-404',
      title: '404 online',
      labels: { team: 'web', severity: 'critical' },
      series: { path: '/missing', host: 'web-1' },
      value: 217,
      condition: '> 100',
      from: 'firing',
      since: '2026-11-21T01:00:00.000Z',
      scheduledAt: '2026-11-21T01:10:00.000Z',
      error: { code: '62', message: 'Syntax error' },
      note: 'was firing',
      possibleDuplicate: true,
      link: 'https://wb.example/a/1',
      text: expect.stringMatching(/^FIRING · 404 online · critical\npossible duplicate/),
    });
  });

  it('stays under 1 MiB whatever a source answered', () => {
    const huge = '\u0001'.repeat(200_000);
    const series = Object.fromEntries(
      Array.from({ length: 1000 }, (_, index) => [`label${index}${huge.slice(0, 999)}`, huge]),
    );
    const message = alertMessage({
      title: huge,
      note: huge,
      error: { code: huge, message: huge },
      series,
      labels: series,
    });
    expect(Buffer.byteLength(bodyOf(message))).toBeLessThan(1024 * 1024);
  });
});

describe('sending to a webhook', () => {
  let receiver: WebhookReceiver;
  beforeEach(async () => {
    receiver = new WebhookReceiver(secret);
    await receiver.start();
  });
  afterEach(() => receiver.stop());

  const send = (changes: object = {}, context = sendContext(), message = alertMessage()) => {
    const settings = webhook.settings.parse({ url: receiver.url, secret, ...changes });
    const [part] = webhook.parts(settings, message, plain);
    if (part === undefined) throw new Error('no part');
    return webhook.send(settings, part, context);
  };

  it('signs the exact bytes, and names delivery and fence', async () => {
    const message = alertMessage({ title: '线上 404 😀' });
    expect(await send({}, sendContext(), message)).toEqual({ answer: 'HTTP 204' });
    expect(receiver.taken).toMatchObject([
      { id: sendContext().idempotencyKey, fence: 3, signature: 'valid', body: { title: '线上 404 😀' } },
    ]);
    expect(receiver.taken[0]?.headers['x-timestamp']).toBe('1795223400123');
    expect(receiver.taken[0]?.headers['content-type']).toContain('application/json');
  });

  it('has a fresh signature and the same key on another attempt', async () => {
    await send();
    await send({}, sendContext({ now: new Date('2026-11-21T01:11:00Z'), fence: 4 }));
    const [first, second] = receiver.taken;
    expect(second?.id).toBe(first?.id);
    expect(second?.rawBody).toBe(first?.rawBody);
    expect(second?.headers['x-signature']).not.toBe(first?.headers['x-signature']);
    expect(second).toMatchObject({ signature: 'valid', fence: 4 });
  });

  it('sends no signature without a secret', async () => {
    const open = new WebhookReceiver();
    await open.start();
    await send({ url: open.url, secret: undefined });
    expect(open.taken).toMatchObject([{ signature: 'absent' }]);
    await open.stop();
  });

  it('waits for a person when the secret is wrong, and shows it nowhere', async () => {
    const error = await channelError(send({ secret: 'another secret' }));
    expect(error).toMatchObject({ code: 'http401', options: { broken: true, retryable: false } });
    expect(error.message).toBe('HTTP 401: bad signature');
  });

  it.each([
    [408, true, false],
    [429, true, false],
    [500, true, false],
    [503, true, false],
    [301, false, true],
    [403, false, true],
    [404, false, true],
    [405, false, true],
    [410, false, true],
    [400, false, false],
    [413, false, false],
    [422, false, false],
  ])('judges HTTP %i: again later %s, broken %s', async (status, retryable, broken) => {
    receiver.answer(status, { location: receiver.url });
    const error = await channelError(send());
    expect(error).toMatchObject({ code: `http${status}`, options: { retryable, broken } });
    expect(receiver.requestCount).toBe(1);
  });

  it.each([
    ['7', 7000],
    ['0', 1000],
    ['86400', 900_000],
    ['Sat, 21 Nov 2026 01:10:30 GMT', 29_877],
    ['Fri, 20 Nov 2026 00:00:00 GMT', 1000],
    ['Mon, 01 Jan 2035 00:00:00 GMT', 900_000],
    ['soon', undefined],
  ])('honours Retry-After "%s" within bounds', async (header, expected) => {
    receiver.answer(503, { 'retry-after': header });
    expect((await channelError(send())).options.retryAfterMs).toBe(expected);
  });

  it.each([
    ['hang', 'timeout'],
    ['reset', 'network'],
  ] as const)('may be repeated after a %s, although it may have arrived', async (type, code) => {
    receiver.behave({ type });
    const error = await channelError(send({ timeoutMs: 500 }));
    expect(error).toMatchObject({ code, options: { retryable: true, uncertain: true } });
    expect(receiver.taken).toHaveLength(1);
  });

  it('stops at once when the member may send no more', async () => {
    receiver.behave({ type: 'hang' });
    const control = new AbortController();
    const sending = channelError(send({}, sendContext({ signal: control.signal })));
    await expect.poll(() => receiver.requestCount).toBe(1);
    control.abort();
    expect((await sending).code).toBe('aborted');
  });
});
