import { z } from 'zod';
import { type Answer, type Behaviour, LocalServer, type Received } from './localServer';

/** A message as the group would show it. */
export interface WecomMessage {
  at: Date;
  key: string;
  msgtype: 'text' | 'markdown' | 'markdown_v2';
  content: string;
  mentionedList: string[];
  mentionedMobileList: string[];
}

export interface WecomReceiverOptions {
  /** The robots' keys that exist; any other key is answered 93000. */
  keys: readonly string[];
  /** Messages per robot and minute: WeCom's own limit is 20. */
  limit?: number;
  /** The clock of the limit, in ms. */
  now?: () => number;
}

const sendPath = '/cgi-bin/webhook/send';
const minuteMs = 60_000;
/** The oldest messages go first: a demo may run for days. */
const keptMessages = 10_000;

/** Bytes of UTF-8 that `content` may have (WeCom, "message push" of a group robot, path 99110). */
const contentLimits = { text: 2048, markdown: 4096, markdown_v2: 4096 } as const;

const content = z.string().optional();
const bodySchema = z.discriminatedUnion('msgtype', [
  z.object({
    msgtype: z.literal('text'),
    text: z.object({
      content,
      mentioned_list: z.array(z.string()).default([]),
      mentioned_mobile_list: z.array(z.string()).default([]),
    }),
  }),
  z.object({ msgtype: z.literal('markdown'), markdown: z.object({ content }) }),
  z.object({ msgtype: z.literal('markdown_v2'), markdown_v2: z.object({ content }) }),
]);

type Body = z.infer<typeof bodySchema>;

/**
 * A local server that follows the contract of WeCom's group robot for text and markdown: every answer is HTTP 200,
 * errcode tells what happened. It keeps what it took and can be told to fail.
 */
export class WecomReceiver extends LocalServer {
  /** Taken messages, oldest first. */
  readonly messages: WecomMessage[] = [];
  private readonly times = new Map<string, number[]>();

  constructor(private readonly options: WecomReceiverOptions) {
    super();
  }

  /** The address of a robot, as WeCom's group settings would show it. */
  url(key: string): string {
    return `${this.origin}${sendPath}?key=${encodeURIComponent(key)}`;
  }

  protected handle(request: Received, told: Answer | null): Answer {
    if (request.url.pathname !== sendPath) return { status: 404, body: 'Not Found' };
    return told ?? this.judge(request);
  }

  private judge(request: Received): Answer {
    const key = request.url.searchParams.get('key') ?? '';
    if (request.method !== 'POST') return wecomAnswer(43002, 'require POST method');
    if (!this.options.keys.includes(key)) return wecomAnswer(93000, 'invalid webhook url');
    if (!this.takePlace(key)) return wecomAnswer(45009, frequencyText);
    const json = parseJson(request.rawBody);
    if (json === undefined) return wecomAnswer(47001, 'data format error');
    const body = bodySchema.safeParse(json);
    return body.success ? this.take(key, request.at, body.data) : wecomAnswer(40008, 'invalid message type');
  }

  private take(key: string, at: Date, body: Body): Answer {
    const message = messageOf(key, at, body);
    const limit = contentLimits[message.msgtype];
    if (message.content === '') return wecomAnswer(44004, 'empty content');
    if (Buffer.byteLength(message.content) > limit) {
      const reason = `${message.msgtype}.content exceed max length ${limit}. invalid Request Parameter`;
      return wecomAnswer(40058, reason);
    }
    this.messages.push(message);
    if (this.messages.length > keptMessages) this.messages.shift();
    return wecomAnswer(0, 'ok');
  }

  /** Counts every call of a known robot within the running minute. */
  private takePlace(key: string): boolean {
    const now = (this.options.now ?? Date.now)();
    const running = (this.times.get(key) ?? []).filter(time => now - time < minuteMs);
    const free = running.length < (this.options.limit ?? 20);
    this.times.set(key, free ? [...running, now] : running);
    return free;
  }
}

const frequencyText =
  'api freq out of limit, hint: [1763687400000000000000001], from ip: 127.0.0.1, more info at https://open.work.weixin.qq.com/devtool/query?e=45009';

/** An answer of WeCom's API: HTTP 200 whatever happened. */
export function wecomAnswer(errcode: number, errmsg: string): Answer {
  return {
    status: 200,
    headers: { 'content-type': 'application/json; charset=UTF-8', 'error-code': String(errcode) },
    body: JSON.stringify({ errcode, errmsg }),
  };
}

/** What WeCom may do besides taking the message. */
export const wecomTroubles = {
  busy: { type: 'answer', answer: wecomAnswer(-1, 'system busy') },
  badGateway: { type: 'answer', answer: { status: 502, body: '<html>502 Bad Gateway</html>' } },
  disabled: { type: 'answer', answer: wecomAnswer(93004, 'robot is disabled') },
  overLimit: { type: 'answer', answer: wecomAnswer(45009, frequencyText) },
} satisfies Record<string, Behaviour>;

function messageOf(key: string, at: Date, body: Body): WecomMessage {
  const base = { at, key, mentionedList: [], mentionedMobileList: [] };
  switch (body.msgtype) {
    case 'text':
      return {
        ...base,
        msgtype: 'text',
        content: body.text.content ?? '',
        mentionedList: body.text.mentioned_list,
        mentionedMobileList: body.text.mentioned_mobile_list,
      };
    case 'markdown':
      return { ...base, msgtype: 'markdown', content: body.markdown.content ?? '' };
    case 'markdown_v2':
      return { ...base, msgtype: 'markdown_v2', content: body.markdown_v2.content ?? '' };
  }
}

/** undefined for what is not JSON. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
