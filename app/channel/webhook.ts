import { createHmac } from 'node:crypto';
import { z } from 'zod';
import { ChannelError } from '../domain/errors';
import { plainText, renderMessage, truncateUtf8 } from '../domain/message/render';
import type { AlertMessage, Labels } from '../domain/message/types';
import { spanBetween } from '../domain/span';
import { type ChannelReply, postToChannel } from '../net/channelPost';
import type { Channel, MessageContext, Part, SendContext } from './types';

const settings = z.strictObject({
  url: z.string().max(2000).superRefine(checkUrl),
  /** Signs each request; without it there is no signature. */
  secret: z.string().min(1).max(500).optional(),
  /** Wall limit of one request in ms. */
  timeoutMs: spanBetween(500, 30_000).default(10_000),
});

type Settings = z.infer<typeof settings>;

/** Ours: with them a body stays under 1 MiB, whatever a source answered. In bytes, and labels by number. */
const limits = { text: 4096, label: 512, labels: 64 } as const;
const shortestRetryAfterMs = 1000;
const longestRetryAfterMs = 15 * 60_000;

/** JSON to any receiver, signed, with an idempotency key: a send of unknown outcome is simply repeated. */
export const webhook: Channel<Settings> = {
  kind: 'webhook',
  settings,
  idempotent: true,
  onUncertain: () => 'retry',
  budget: () => null,
  parts,
  send,
};

function parts(_settings: Settings, message: AlertMessage, context: MessageContext): Part[] {
  const { alertId, seq, kind, job, condition, from, value } = message;
  const text = cut(plainText(renderMessage(message, context.possibleDuplicate)));
  const body = {
    version: 1,
    alertId,
    seq,
    kind,
    job,
    title: cut(message.title),
    labels: boundedLabels(message.labels),
    series: boundedLabels(message.series),
    value,
    condition,
    from,
    since: message.since.toISOString(),
    scheduledAt: message.scheduledAt.toISOString(),
    error: message.error === null ? null : { code: cut(message.error.code), message: cut(message.error.message) },
    note: message.note === null ? null : cut(message.note),
    possibleDuplicate: context.possibleDuplicate,
    link: context.link,
    text,
  };
  return [{ body, text }];
}

async function send(given: Settings, part: Part, context: SendContext): Promise<{ answer: string }> {
  const { url, secret, timeoutMs } = given;
  const body = JSON.stringify(part.body);
  const reply = await postToChannel({
    url,
    body,
    headers: headersOf(body, secret, context),
    timeoutMs: Math.min(timeoutMs, context.timeoutMs),
    signal: context.signal,
    outbound: context.outbound,
    beforeSend: context.beforeSend,
    secrets: secretsOf(given),
  });
  if (reply.status >= 200 && reply.status < 300) return { answer: `HTTP ${reply.status}` };
  throw httpError(reply, context.now);
}

/** The time in ms and the signature are fresh for each attempt; the key is equal for all of them. */
function headersOf(body: string, secret: string | undefined, context: SendContext): Record<string, string> {
  const timestamp = String(context.now.getTime());
  return {
    'content-type': 'application/json; charset=utf-8',
    'idempotency-key': context.idempotencyKey,
    'watchbell-fence': String(context.fence),
    'x-timestamp': timestamp,
    ...(secret === undefined ? {} : { 'x-signature': sign(secret, `${timestamp}.${body}`) }),
  };
}

function sign(secret: string, text: string): string {
  return createHmac('sha256', secret).update(text).digest('hex');
}

/**
 * 408, 429 and 5xx: again later. A redirect (none is followed), 401, 403, 404, 405 and 410 blame the address or the secret:
 * the channel waits for a person and its messages with it. Any other status blames this message, which fails.
 */
function httpError({ status, text, headers }: ChannelReply, now: Date): ChannelError {
  const retryable = status >= 500 || status === 408 || status === 429;
  const broken = (status >= 300 && status < 400) || [401, 403, 404, 405, 410].includes(status);
  const retryAfterMs = retryable ? retryAfter(headers['retry-after'], now) : undefined;
  const message = `HTTP ${status}: ${truncateUtf8(text, 200, '…')}`;
  return new ChannelError(`http${status}`, message, { retryable, broken, retryAfterMs });
}

/** Retry-After as seconds or as an HTTP date, within 1 s to 15 min; undefined where it says neither. */
function retryAfter(header: string | undefined, now: Date): number | undefined {
  if (header === undefined) return undefined;
  const ms = /^\s*\d+\s*$/.test(header) ? Number(header) * 1000 : Date.parse(header) - now.getTime();
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, shortestRetryAfterMs), longestRetryAfterMs);
}

function cut(text: string): string {
  return truncateUtf8(text, limits.text, '…');
}

/** The first 64 by name, each name and value within 512 bytes. */
function boundedLabels(labels: Labels): Labels {
  const kept = Object.entries(labels)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .slice(0, limits.labels);
  return Object.fromEntries(
    kept.map(([name, value]) => [truncateUtf8(name, limits.label, '…'), truncateUtf8(value, limits.label, '…')]),
  );
}

/** What must never be seen in an error: the secret and what the address carries as one. */
function secretsOf({ url, secret }: Settings): string[] {
  const parameters = new URL(url).searchParams;
  const inUrl = ['key', 'token', 'access_token'].flatMap(name => parameters.getAll(name));
  return secret === undefined ? inUrl : [secret, ...inUrl];
}

function checkUrl(text: string, context: z.RefinementCtx): void {
  const fault = urlFault(text);
  if (fault !== null) context.addIssue({ code: 'custom', message: fault });
}

/** Never says the address itself: it may hold a secret. */
function urlFault(text: string): string | null {
  if (!URL.canParse(text)) return 'Not a URL: give an absolute one, such as https://hooks.example.com/watchbell.';
  const url = new URL(text);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return 'Only https and http are possible.';
  return url.username !== '' || url.password !== '' ? 'User and password in the address are not possible.' : null;
}
