import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import getRawBody from 'raw-body';

/** What a request brought. */
export interface Received {
  at: Date;
  method: string;
  /** Path and query, on a made-up origin. */
  url: URL;
  headers: IncomingHttpHeaders;
  rawBody: string;
}

export interface Answer {
  status: number;
  headers?: Record<string, string>;
  body: string;
}

/**
 * How the server misbehaves: it gives an answer of its own (the message did not arrive), or it takes the message and
 * then never answers (`hang`), cuts the connection (`reset`) or answers late (`slow`).
 */
export type Behaviour =
  | { type: 'answer'; answer: Answer }
  | { type: 'hang' }
  | { type: 'reset' }
  | { type: 'slow'; delayMs: number };

const bodyLimit = '4mb';

/** A server on 127.0.0.1 that can be told to misbehave. Subclasses say what it answers. */
export abstract class LocalServer {
  /** Requests that came, whatever became of them. */
  requestCount = 0;
  private server: Server | null = null;
  private port: number | null = null;
  private stopped = new AbortController();
  private told: { behaviour: Behaviour; times: number } | null = null;

  /** What to answer; `told` is the answer that the server was told to give instead of its own. */
  protected abstract handle(request: Received, told: Answer | null): Answer;

  /** Listens on 127.0.0.1; without a port on a free one, and after a stop on the same as before. */
  async start(port = this.port ?? 0): Promise<void> {
    const server = createServer((request, response) => void this.serve(request, response));
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen(port, '127.0.0.1', resolve);
    });
    this.stopped = new AbortController();
    const address = server.address();
    this.port = typeof address === 'object' && address !== null ? address.port : null;
    this.server = server;
  }

  /** Ends every connection, the hanging ones too. */
  async stop(): Promise<void> {
    const server = this.server;
    if (server === null) return;
    this.server = null;
    this.stopped.abort();
    server.closeAllConnections();
    await new Promise<void>(resolve => server.close(() => resolve()));
  }

  /** Stays the same after a stop. */
  get origin(): string {
    if (this.port === null) throw new Error('The server was never started.');
    return `http://127.0.0.1:${this.port}`;
  }

  /** The next `times` requests meet this; then the server is itself again. */
  behave(behaviour: Behaviour, times = Number.POSITIVE_INFINITY): void {
    this.told = { behaviour, times };
  }

  behaveNormally(): void {
    this.told = null;
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.requestCount++;
    try {
      const received = await this.receive(request);
      const behaviour = this.next();
      const answer = this.handle(received, behaviour?.type === 'answer' ? behaviour.answer : null);
      if (behaviour?.type === 'hang') return;
      if (behaviour?.type === 'slow') await sleep(behaviour.delayMs, undefined, { signal: this.stopped.signal });
      if (behaviour?.type === 'reset') request.socket.resetAndDestroy();
      else response.writeHead(answer.status, answer.headers).end(answer.body);
    } catch {
      // The client went away, sent too much, or the server is being stopped: nobody is left to be told.
      response.destroy();
    }
  }

  private async receive(request: IncomingMessage): Promise<Received> {
    const rawBody = await getRawBody(request, { limit: bodyLimit, encoding: 'utf8' });
    const url = new URL(request.url ?? '/', 'http://local');
    return { at: new Date(), method: request.method ?? '', url, headers: request.headers, rawBody };
  }

  private next(): Behaviour | null {
    if (this.told === null) return null;
    const { behaviour, times } = this.told;
    this.told = times > 1 ? { behaviour, times: times - 1 } : null;
    return behaviour;
  }
}
