import { readdirSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { channels } from '../../app/channel';
import type { AnyChannel, SendContext } from '../../app/channel/types';
import type { AlertMessage } from '../../app/domain/message/types';
import type { LocalServer } from '../../tools/demo/localServer';
import { WecomReceiver } from '../../tools/demo/wecomReceiver';
import { alertMessage } from '../support/alertMessage';
import { channelError } from '../support/channelError';
import { sendContext } from '../support/sendContext';
import { WebhookReceiver } from '../support/webhookReceiver';

/** What the suite needs to know of a kind: a real receiver, settings that reach it, and how to look at what came. */
interface Bench {
  receiver: LocalServer;
  secret: string;
  settings(): Record<string, unknown>;
  arrived(): string[];
  ids(): (string | null)[];
  /** Bytes that one remote message may have. */
  limit: number;
}

function wecomBench(): Bench {
  const secret = 'robot-key-2f1c9a7e';
  const receiver = new WecomReceiver({ keys: [secret] });
  return {
    receiver,
    secret,
    settings: () => ({ url: receiver.url(secret), mentions: ['@all'], timeoutMs: 500 }),
    arrived: () => receiver.messages.map(message => message.content),
    ids: () => [],
    limit: 4096,
  };
}

function webhookBench(): Bench {
  const secret = 'webhook-secret-2f1c9a7e';
  const receiver = new WebhookReceiver(secret);
  return {
    receiver,
    secret,
    settings: () => ({ url: `${receiver.url}?token=${secret}`, secret, timeoutMs: 500 }),
    arrived: () => receiver.taken.map(call => call.rawBody),
    ids: () => receiver.taken.map(call => call.id),
    limit: 1024 * 1024,
  };
}

const benches: Record<string, () => Bench> = { 'wecom-robot': wecomBench, webhook: webhookBench };

describe('the registry of channels', () => {
  it('holds one kind for each file of the folder, which is named for it', () => {
    const folder = path.join(__dirname, '../../app/channel');
    const files = readdirSync(folder).filter(name => name.endsWith('.ts') && !['index.ts', 'types.ts'].includes(name));
    const named = [...channels.keys()].map(kind => `${kind.replace(/-(.)/g, (_, letter) => letter.toUpperCase())}.ts`);
    expect(named.sort()).toEqual(files.sort());
  });

  it('has a receiver in this suite for each kind', () => {
    expect(Object.keys(benches).sort()).toEqual([...channels.keys()].sort());
  });
});

describe.each([...channels.entries()])('a channel of kind %s', (kind, channel) => {
  let bench: Bench;
  beforeEach(async () => {
    const make = benches[kind];
    if (make === undefined) throw new Error(`no receiver for ${kind}`);
    bench = make();
    await bench.receiver.start();
  });
  afterEach(() => bench.receiver.stop());

  const sendAll = (message: AlertMessage = alertMessage(), context: SendContext = sendContext()) =>
    sendParts(channel, bench.settings(), message, context);

  it('is listed under its own kind', () => {
    expect(channel.kind).toBe(kind);
  });

  it('hands over a message that names job and id', async () => {
    await sendAll(alertMessage({ title: '线上404 😀' }));
    expect(bench.arrived().length).toBeGreaterThan(0);
    for (const content of bench.arrived()) {
      expect(content).toContain('线上404 😀');
      expect(content).toContain('online-404');
      expect(content).toContain('3f9c01ab#7');
    }
  });

  it('goes by what it knows of settings that a newer version has stored', async () => {
    await sendParts(channel, { ...bench.settings(), later: 1 }, alertMessage(), sendContext());
    expect(bench.arrived().length).toBeGreaterThan(0);
  });

  it('may try again after a 503', async () => {
    bench.receiver.behave({ type: 'answer', answer: { status: 503, body: 'down' } }, 1);
    const error = await channelError(sendAll());
    expect(error).toMatchObject({ code: 'http503', options: { retryable: true } });
    expect(error.options.uncertain ?? false).toBe(false);
    await expect(sendAll()).resolves.toBeUndefined();
  });

  it('knows the outcome of a hang as unknown, within its time', async () => {
    bench.receiver.behave({ type: 'hang' });
    const from = performance.now();
    const error = await channelError(sendAll());
    expect(performance.now() - from).toBeLessThan(3000);
    expect(error).toMatchObject({ code: 'timeout', options: { uncertain: true, retryable: true } });
    const knowsWhatToDo = channel.idempotent || ['retry', 'leave'].includes(channel.onUncertain(bench.settings()));
    expect(knowsWhatToDo).toBe(true);
  });

  it('asks no longer than the sender allows', async () => {
    bench.receiver.behave({ type: 'hang' });
    const from = performance.now();
    const patient = { ...bench.settings(), timeoutMs: 20_000 };
    await channelError(sendParts(channel, patient, alertMessage(), sendContext({ timeoutMs: 50 })));
    expect(performance.now() - from).toBeLessThan(5000);
  });

  it('is refused by the guard where loopback is not allowed, and nothing is sent', async () => {
    const outbound = { purpose: 'channel', allowNets: [], allowLoopback: false } as const;
    const error = await channelError(sendAll(alertMessage(), sendContext({ outbound })));
    expect(error).toMatchObject({ code: 'refused', options: { retryable: false, broken: true } });
    expect(error.message).toContain('127.0.0.1');
    expect(bench.receiver.requestCount).toBe(0);
  });

  it('asks the sender once more when the connection stands, and sends nothing when the answer is no', async () => {
    const lost = new Error('the lease is lost');
    const beforeSend = () => {
      throw lost;
    };
    await expect(sendAll(alertMessage(), sendContext({ beforeSend }))).rejects.toBe(lost);
    expect(bench.receiver.requestCount).toBe(0);
  });

  it('cuts at the limit of the remote, which then takes it', async () => {
    const huge = '<警😀>'.repeat(50_000);
    const message = alertMessage({
      title: huge,
      note: huge,
      series: { path: huge },
      error: { code: huge, message: huge },
    });
    await expect(sendAll(message)).resolves.toBeUndefined();
    for (const content of bench.arrived()) {
      expect(Buffer.byteLength(content)).toBeLessThanOrEqual(bench.limit);
      expect(content).not.toMatch(/\uFFFD|\p{Cs}/u);
    }
  });

  it('sends the same idempotency key on each attempt, where the remote knows one', async () => {
    await sendAll();
    await sendAll(alertMessage(), sendContext({ fence: 4 }));
    const expected = channel.idempotent ? [sendContext().idempotencyKey, sendContext().idempotencyKey] : [];
    expect(bench.ids()).toEqual(expected);
  });

  it('shows its secret in no error', async () => {
    const echo = { status: 400, body: `bad request: ${bench.secret} ${encodeURIComponent(bench.secret)}` };
    const settings = bench.settings();
    const failures = [];
    for (const behaviour of [{ type: 'answer', answer: echo }, { type: 'hang' }, { type: 'reset' }] as const) {
      bench.receiver.behave(behaviour);
      failures.push(await channelError(sendParts(channel, settings, alertMessage(), sendContext())));
    }
    await bench.receiver.stop();
    failures.push(await channelError(sendParts(channel, settings, alertMessage(), sendContext())));
    for (const error of failures) expect(everythingOf(error)).not.toContain(bench.secret);
  });

  it('says of stored settings that are not valid that they must be saved again', async () => {
    const error = await channelError(sendParts(channel, { url: 42 }, alertMessage(), sendContext()));
    expect(error).toMatchObject({ code: 'settings', options: { broken: true, retryable: false } });
  });

  it('gives the same parts for the same message', () => {
    const parts = () => channel.parts(bench.settings(), alertMessage(), { possibleDuplicate: false, link: null });
    expect(parts()).toEqual(parts());
  });
});

async function sendParts(channel: AnyChannel, settings: unknown, message: AlertMessage, context: SendContext) {
  const parts = channel.parts(settings, message, { possibleDuplicate: false, link: null });
  for (const part of parts) await channel.send(settings, part, context);
}

/** Message, stack and cause, as a careless log line would show them. */
function everythingOf(error: unknown): string {
  if (!(error instanceof Error)) return JSON.stringify(error) ?? '';
  return `${error.message} ${error.stack} ${JSON.stringify(error)} ${everythingOf(error.cause)}`;
}
