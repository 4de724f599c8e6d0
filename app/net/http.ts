import http from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';
import axios, { type AxiosResponse } from 'axios';
import { connectTo, reasonOf } from './connect';
import { Deadline } from './deadline';
import { NetError } from './errors';
import { type Resolve, resolveAllowed } from './guard';
import type { OutboundPolicy } from './types';

export interface GetOptions {
  /** http or https, as given by a person. */
  url: string;
  headers?: Record<string, string>;
  /** Wall limit of everything: DNS, connecting, sending, reading the answer. */
  timeoutMs: number;
  /** The answer's body may not be longer, counted after decompression. */
  maxBytes: number;
  signal: AbortSignal;
  policy: OutboundPolicy;
  /** Called when the connection stands and nothing has been sent yet: what must hold directly before the hand-over. A throw sends nothing and comes out as it is. */
  beforeSend?: () => void;
  /** In place of DNS. */
  resolve?: Resolve;
}

export interface PostOptions extends GetOptions {
  body: string;
}

/** `body` is null for a GET. */
interface RequestOptions extends GetOptions {
  method: 'get' | 'post';
  body: string | null;
}

export interface PostAnswer {
  status: number;
  /** Names in lower case. */
  headers: Record<string, string>;
  body: string;
}

/**
 * Sends one POST to an address that a person gave: guarded (design.md §9), on a connection of its own to exactly the
 * address that was checked, without redirects and proxies. Answers whatever the status. Throws NetError.
 */
export async function postHttp(options: PostOptions): Promise<PostAnswer> {
  return await request({ ...options, method: 'post' });
}

/** The same for a GET. */
export async function getHttp(options: GetOptions): Promise<PostAnswer> {
  return await request({ ...options, method: 'get', body: null });
}

async function request(options: RequestOptions): Promise<PostAnswer> {
  const deadline = new Deadline(options.timeoutMs, [options.signal]);
  const progress = { sent: false };
  try {
    const socket = await opened(openSocket(options, deadline.signal), deadline);
    try {
      options.beforeSend?.();
      progress.sent = true;
      return answerOf(await handOver(options, socket, deadline.signal));
    } finally {
      socket.destroy();
    }
  } catch (error) {
    throw meant(error, options, progress.sent, deadline);
  } finally {
    deadline.release();
  }
}

async function openSocket({ url, policy, resolve }: RequestOptions, signal: AbortSignal): Promise<Socket> {
  const target = new URL(url);
  if (target.protocol !== 'http:' && target.protocol !== 'https:') {
    throw new NetError('refused', `${target.protocol} is not possible: only http and https are.`);
  }
  const addresses = await resolveAllowed(target.hostname, policy, resolve);
  return await connectTo(target, addresses, signal);
}

async function handOver(options: RequestOptions, socket: Socket, signal: AbortSignal): Promise<AxiosResponse<unknown>> {
  return await axios.request<unknown>({
    url: options.url,
    method: options.method,
    headers: { 'User-Agent': 'watchbell', Connection: 'close', ...options.headers },
    data: options.body === null ? undefined : Buffer.from(options.body, 'utf8'),
    responseType: 'arraybuffer',
    transformRequest: [data => data],
    transformResponse: [data => data],
    validateStatus: () => true,
    maxRedirects: 0,
    proxy: false,
    maxContentLength: options.maxBytes,
    httpAgent: new ConnectedHttpAgent(socket),
    httpsAgent: new ConnectedHttpsAgent(socket),
    signal,
  });
}

class ConnectedHttpAgent extends http.Agent {
  constructor(private readonly socket: Socket) {
    super({ keepAlive: false });
  }

  override createConnection(): Socket {
    return this.socket;
  }
}

class ConnectedHttpsAgent extends https.Agent {
  constructor(private readonly socket: Socket) {
    super({ keepAlive: false });
  }

  override createConnection(): Socket {
    return this.socket;
  }
}

function answerOf({ status, headers, data }: AxiosResponse<unknown>): PostAnswer {
  const named = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)]);
  return { status, headers: Object.fromEntries(named), body: Buffer.isBuffer(data) ? data.toString('utf8') : '' };
}

/** DNS cannot be aborted. A connection that comes too late is closed. */
async function opened(opening: Promise<Socket>, deadline: Deadline): Promise<Socket> {
  try {
    return await deadline.race(opening);
  } catch (error) {
    opening.then(
      socket => socket.destroy(),
      () => undefined,
    );
    throw error;
  }
}

/** What the failure means for the caller: its own abort, the deadline, the limit, or the network. An axios error is left behind: it carries headers with secrets. */
function meant(error: unknown, options: RequestOptions, sent: boolean, deadline: Deadline): unknown {
  const host = new URL(options.url).host;
  const cause = axios.isAxiosError(error) ? error.cause : error;
  if (options.signal.aborted) return new NetError('aborted', `The request to ${host} was aborted.`, { sent, cause });
  if (deadline.passed) {
    const what = sent ? 'did not answer' : 'could not be connected to';
    return new NetError('timeout', `${host} ${what} within ${options.timeoutMs} ms.`, { sent, cause });
  }
  if (error instanceof NetError && error.code === 'refused') return error;
  if (error instanceof NetError) return new NetError(error.code, `${host}: ${error.message}`, { sent, cause });
  if (!axios.isAxiosError(error)) return error;
  if (error.message.startsWith('maxContentLength')) {
    return new NetError('tooLarge', `The answer of ${host} is longer than ${options.maxBytes} bytes.`, { sent });
  }
  return new NetError('network', `${host}: ${reasonOf(error.cause ?? error)}`, { sent, cause });
}
