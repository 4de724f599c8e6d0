import { createHash } from 'node:crypto';
import { z } from 'zod';
import { ChannelError } from '../domain/errors';
import { renderMessage, truncateUtf8 } from '../domain/message/render';
import type { AlertMessage } from '../domain/message/types';
import { spanBetween } from '../domain/span';
import { type ChannelReply, postToChannel } from '../net/channelPost';
import type { Budget, Channel, MessageContext, Part, SendContext } from './types';
import { markdownContent, textContent } from './wecomRobot/content';

/** WeCom: 20 messages a minute per robot (group robot, path 99110). */
const minute = { limit: 20, windowMs: 60_000 } as const;

/** Names a member of the enterprise: 1 to 64 letters, digits and `_-@.`, or `@all`. */
const userId = /^(@all|[A-Za-z0-9][A-Za-z0-9_.@-]{0,63})$/;
/** A mobile number of mainland China, or with its country code. */
const mobile = /^(1\d{10}|\+\d{6,15})$/;

const mention = z
  .string()
  .refine(text => userId.test(text) || mobile.test(text), 'Give a user id (zhangsan), a mobile number or @all.');

const settings = z.strictObject({
  /** The robot's webhook address; its `key` is the secret. */
  url: z.string().max(2000).superRefine(checkUrl),
  /** Who is called when something fires: user ids, mobile numbers or `@all`. */
  mentions: z.array(mention).max(100).default([]),
  /** After a send of unknown outcome: once more, marked "possible duplicate", or never. */
  onUncertain: z.enum(['retry', 'leave']).default('retry'),
  /** Wall limit of one request in ms. */
  timeoutMs: spanBetween(500, 30_000).default(5000),
});

type Settings = z.infer<typeof settings>;

const answerSchema = z.looseObject({ errcode: z.number().int(), errmsg: z.string().default('') });

/** WeCom group robot: markdown, then a text with mentions where somebody is to be called. */
export const wecomRobot: Channel<Settings> = {
  kind: 'wecom-robot',
  settings,
  idempotent: false,
  onUncertain: ({ onUncertain }) => onUncertain,
  budget: ({ url }) => budgetOf(robotKey(url)),
  parts,
  send,
};

function budgetOf(key: string): Budget {
  return { key: createHash('sha256').update(key).digest('hex'), ...minute };
}

function parts({ mentions }: Settings, message: AlertMessage, context: MessageContext): Part[] {
  const rendered = renderMessage(message, context.possibleDuplicate);
  const markdown = markdownContent(rendered, context.link);
  const first = { body: { msgtype: 'markdown', markdown: { content: markdown } }, text: markdown };
  if (mentions.length === 0 || message.kind === 'resolved') return [first];
  const content = textContent(rendered);
  return [first, { body: { msgtype: 'text', text: { content, ...named(mentions) } }, text: content }];
}

/** The lists as WeCom takes them; an empty one is left out. */
function named(mentions: string[]): { mentioned_list?: string[]; mentioned_mobile_list?: string[] } {
  const mobiles = mentions.filter(name => mobile.test(name));
  const users = mentions.filter(name => !mobile.test(name));
  return {
    ...(users.length > 0 ? { mentioned_list: users } : {}),
    ...(mobiles.length > 0 ? { mentioned_mobile_list: mobiles } : {}),
  };
}

async function send({ url, timeoutMs }: Settings, part: Part, context: SendContext): Promise<{ answer: string }> {
  const reply = await postToChannel({
    url,
    body: JSON.stringify(part.body),
    headers: { 'content-type': 'application/json; charset=utf-8' },
    timeoutMs: Math.min(timeoutMs, context.timeoutMs),
    signal: context.signal,
    outbound: context.outbound,
    beforeSend: context.beforeSend,
    secrets: [robotKey(url)],
  });
  if (reply.status !== 200) throw httpError(reply);
  return judge(reply);
}

/** WeCom's rule: the errcode decides, never the errmsg, which is only shown. */
function judge(reply: ChannelReply): { answer: string } {
  const answer = answerSchema.safeParse(parseJson(reply.text));
  if (!answer.success) {
    const message = `HTTP 200, but not an answer of WeCom: ${truncateUtf8(reply.text, 200, '…')}`;
    throw new ChannelError('badAnswer', message, { retryable: true, uncertain: true });
  }
  const { errcode, errmsg } = answer.data;
  const said = `errcode ${errcode}: ${truncateUtf8(errmsg, 300, '…')}`;
  if (errcode === 0) return { answer: said };
  throw new ChannelError(String(errcode), said, meaningOf(errcode));
}

/** 93000 no such robot, 93004 disabled, 93008 not in its group, 40008 refuses our message types, 40001 secret refused. */
const robotRefuses = new Set([93000, 93004, 93008, 40008, 40001]);

/**
 * -1 busy: again later. 45009 over the limit: the robot is held until its minute is over.
 * 40058 (too long) and 44004 (empty) blame one message: it fails, the robot serves the next. An unknown code fails too,
 * because nobody knows whether a repetition helps or harms.
 */
function meaningOf(errcode: number): ChannelError['options'] {
  if (errcode === -1) return { retryable: true };
  if (errcode === 45009) return { retryable: true, holdMs: minute.windowMs };
  return { retryable: false, broken: robotRefuses.has(errcode) };
}

/** HTTP errors come from what stands before WeCom. A redirect, 401, 403, 404, 405 or 410 blames the address. */
function httpError({ status, text }: ChannelReply): ChannelError {
  const message = `HTTP ${status}: ${truncateUtf8(text, 200, '…')}`;
  if (status === 429) return new ChannelError('http429', message, { retryable: true, holdMs: minute.windowMs });
  const retryable = status >= 500 || status === 408;
  const broken = (status >= 300 && status < 400) || [401, 403, 404, 405, 410].includes(status);
  return new ChannelError(`http${status}`, message, { retryable, broken });
}

function checkUrl(text: string, context: z.RefinementCtx): void {
  const fault = urlFault(text);
  if (fault !== null) context.addIssue({ code: 'custom', message: fault });
}

/** Never says the address itself: the key in it is a secret. */
function urlFault(text: string): string | null {
  if (!URL.canParse(text)) return 'Not a URL: copy the webhook address from the settings of the robot.';
  const url = new URL(text);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return 'Only https and http are possible.';
  if (url.username !== '' || url.password !== '') return 'User and password in the address are not possible.';
  return robotKey(text) === '' ? 'The parameter "key" is missing: copy the whole webhook address of the robot.' : null;
}

function robotKey(url: string): string {
  return new URL(url).searchParams.get('key') ?? '';
}

/** undefined for what is not JSON. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
