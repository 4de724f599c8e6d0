import { reasonOf } from '../errors';

/** Where commands of this machine reach the server: an address to listen on may mean every address. */
export function originOf(listen: string, port: number): string {
  const host = listen === '0.0.0.0' || listen === '::' || listen === '' ? '127.0.0.1' : listen;
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

export interface Readiness {
  ready: boolean;
  /** It answered, whatever it said. */
  answered: boolean;
  /** What the server said, or why it did not answer. */
  said: string;
}

export async function askReadiness(origin: string): Promise<Readiness> {
  try {
    const answer = await fetch(`${origin}/readyz`, { signal: AbortSignal.timeout(5000), redirect: 'error' });
    return {
      ready: answer.status === 200,
      answered: true,
      said: `HTTP ${answer.status} ${(await answer.text()).slice(0, 500)}`.trim(),
    };
  } catch (error) {
    return {
      ready: false,
      answered: false,
      said: `no answer (${reasonOf(error instanceof Error ? (error.cause ?? error) : error)})`,
    };
  }
}
