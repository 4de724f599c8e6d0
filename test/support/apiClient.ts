import { Agent, request } from 'node:http';

export interface ApiAnswer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: Record<string, unknown>;
}

/** Talks to one host as a client of the API does. */
export class ApiClient {
  constructor(
    private readonly baseUrl: () => string,
    readonly token: string,
    /** Limit of one answer in ms. */
    private readonly timeoutMs = 20_000,
  ) {}

  get(path: string): Promise<ApiAnswer> {
    return this.send('GET', path);
  }

  put(path: string, body: unknown): Promise<ApiAnswer> {
    return this.send('PUT', path, body);
  }

  patch(path: string, body: unknown): Promise<ApiAnswer> {
    return this.send('PATCH', path, body);
  }

  post(path: string, body?: unknown): Promise<ApiAnswer> {
    return this.send('POST', path, body);
  }

  delete(path: string): Promise<ApiAnswer> {
    return this.send('DELETE', path);
  }

  /** As send, and throws where the answer is not of the 200s. */
  async must(method: string, path: string, body?: unknown): Promise<Record<string, unknown>> {
    const answer = await this.send(method, path, body);
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  /** Every item of a list, page by page. */
  async all(path: string): Promise<Record<string, unknown>[]> {
    const items: Record<string, unknown>[] = [];
    let cursor: unknown = null;
    do {
      const joint = path.includes('?') ? '&' : '?';
      const page = await this.must('GET', `${path}${joint}limit=500${cursor === null ? '' : `&cursor=${cursor}`}`);
      if (!Array.isArray(page['items'])) throw new Error(`${path} answers no list`);
      items.push(...page['items']);
      cursor = page['nextCursor'];
    } while (cursor !== null);
    return items;
  }

  /** A new connection for each request: Egg's master gives each to any worker. */
  send(method: string, path: string, body?: unknown): Promise<ApiAnswer> {
    const agent = new Agent({ keepAlive: false });
    const text = body === undefined ? undefined : JSON.stringify(body);
    const headers = { Authorization: `Bearer ${this.token}`, ...(text && { 'Content-Type': 'application/json' }) };
    return new Promise((resolve, reject) => {
      const outgoing = request(
        `${this.baseUrl()}${path}`,
        { method, agent, headers, timeout: this.timeoutMs },
        incoming => {
          const chunks: Buffer[] = [];
          incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
          incoming.on('error', reject);
          incoming.on('end', () => {
            const answered = Buffer.concat(chunks).toString();
            const isJson = String(incoming.headers['content-type']).includes('json');
            resolve({
              status: incoming.statusCode ?? 0,
              headers: incoming.headers,
              body: isJson ? JSON.parse(answered) : { text: answered },
            });
          });
        },
      );
      outgoing.on('error', reject);
      outgoing.on('timeout', () => outgoing.destroy(new Error(`${method} ${path}: no answer in ${this.timeoutMs} ms`)));
      outgoing.end(text);
    });
  }
}
