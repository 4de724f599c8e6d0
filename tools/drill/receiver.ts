import { closeSync, openSync, writeSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { z } from 'zod';
import { eventSchema } from './types';

const bodyLimit = 16 * 1024;
const call = eventSchema.omit({ at: true });
const listening = z.object({ port: z.number() });

/** The witness: writes each call of a run as one line with the time at which it came, then answers 204. */
export class Receiver {
  private readonly servers: Server[] = [];
  private readonly file: number;

  constructor(file: string) {
    this.file = openSync(file, 'a', 0o600);
  }

  /** Listens on each of these addresses, on one port for all; 0 takes any. Answers the port. */
  async listen(addresses: readonly string[], wanted: number): Promise<number> {
    let port = wanted;
    for (const address of addresses) {
      const server = createServer((request, response) => this.take(request, response));
      this.servers.push(server);
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(port, address, resolve);
      });
      port = listening.parse(server.address()).port;
    }
    return port;
  }

  async close(): Promise<void> {
    for (const server of this.servers) {
      server.closeAllConnections();
      await new Promise(resolve => server.close(resolve));
    }
    closeSync(this.file);
  }

  private take(request: IncomingMessage, response: ServerResponse): void {
    const chunks: Buffer[] = [];
    let length = 0;
    request.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length > bodyLimit) request.destroy();
      else chunks.push(chunk);
    });
    request.on('error', () => response.destroy());
    request.on('end', () => {
      response.writeHead(this.write(Buffer.concat(chunks).toString()) ? 204 : 422);
      response.end();
    });
  }

  /** Written before the answer: what a run was told that it had said stands in the file. */
  private write(body: string): boolean {
    const parsed = call.safeParse(parsedJson(body));
    if (!parsed.success) return false;
    writeSync(this.file, `${JSON.stringify({ ...parsed.data, at: Date.now() })}\n`);
    return true;
  }
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
