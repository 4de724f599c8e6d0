import type { Host } from '../../../tools/cluster/host';

const limitMs = 8000;

/** Calls the API of one host as an admin. */
export class BenchApi {
  constructor(
    private readonly host: Host,
    private readonly token: string,
  ) {}

  /** The same, of another host. */
  on(host: Host): BenchApi {
    return new BenchApi(host, this.token);
  }

  /** The answer's body and how long it took; throws where it is not a success. */
  async call(method: string, path: string, body?: unknown): Promise<{ body: unknown; tookMs: number }> {
    const startedAt = performance.now();
    const text = await this.ask(method, path, body);
    return { body: JSON.parse(text), tookMs: performance.now() - startedAt };
  }

  async text(path: string): Promise<string> {
    return await this.ask('GET', path);
  }

  private async ask(method: string, path: string, body?: unknown): Promise<string> {
    const answer = await fetch(`${this.host.url}${path}`, {
      method,
      headers: { Authorization: `Bearer ${this.token}`, 'Content-Type': 'application/json' },
      signal: AbortSignal.timeout(limitMs),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return text;
  }
}
