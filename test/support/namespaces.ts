import { execFileSync } from 'node:child_process';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** A host of its own in the network: a namespace with one address, joined to this machine by a veth pair. */
export interface Namespace {
  name: string;
  /** Its own address. */
  address: string;
  /** This machine's address as it sees it. */
  gateway: string;
  /** What a command is to be put behind to run in it. */
  prefix: string[];
  remove(): void;
}

/** Makes a namespace, or answers null where this machine does not allow it (no root, no `ip`). `index` is 0 or 1. */
export function namespace(index: number): Namespace | null {
  const name = `wb${process.pid}n${index}`;
  const [near, far] = [`wb${process.pid % 10_000}a${index}`, `wb${process.pid % 10_000}b${index}`];
  // Of this process: what an interrupted run left behind does not get in the way.
  const net = `10.${200 + ((process.pid >> 7) % 50)}.${((process.pid % 128) * 2 + index) % 256}`;
  const [gateway, address] = [`${net}.1`, `${net}.2`];
  const remove = () => {
    for (const words of [`netns del ${name}`, `link del ${near}`]) attempt(words);
  };
  const steps = [
    `netns add ${name}`,
    `link add ${near} type veth peer name ${far}`,
    `link set ${far} netns ${name}`,
    `addr add ${gateway}/30 dev ${near}`,
    `link set ${near} up`,
    `-n ${name} addr add ${address}/30 dev ${far}`,
    `-n ${name} link set ${far} up`,
    `-n ${name} link set lo up`,
    `-n ${name} route add default via ${gateway}`,
  ];
  if (steps.every(attempt)) return { name, address, gateway, prefix: ['ip', 'netns', 'exec', name], remove };
  remove();
  return null;
}

function attempt(words: string): boolean {
  try {
    execFileSync('ip', words.split(' '), { stdio: 'ignore', timeout: 10_000 });
    return true;
  } catch {
    return false;
  }
}

/** Lets what listens on 127.0.0.1:port of this machine be reached at `address` too; `cut` breaks every connection. */
export class Passage {
  private readonly sockets = new Set<Socket>();
  private server: Server | null = null;
  private open = true;
  port = 0;

  constructor(
    private readonly address: string,
    private readonly target: number,
  ) {}

  async start(): Promise<this> {
    const server = createServer(inner => this.join(inner));
    this.server = server;
    await new Promise<void>(resolve => server.listen(0, this.address, resolve));
    const listening = server.address();
    if (listening !== null && typeof listening === 'object') this.port = listening.port;
    return this;
  }

  /** As a pulled cable: what is open breaks, what comes is refused, until mended. */
  cut(): void {
    this.open = false;
    for (const socket of this.sockets) socket.destroy();
  }

  mend(): void {
    this.open = true;
  }

  async stop(): Promise<void> {
    this.cut();
    await new Promise<void>(resolve => (this.server === null ? resolve() : this.server.close(() => resolve())));
  }

  private join(inner: Socket): void {
    if (!this.open) {
      inner.destroy();
      return;
    }
    const outer = connect(this.target, '127.0.0.1');
    for (const [one, other] of [
      [inner, outer],
      [outer, inner],
    ] as const) {
      this.sockets.add(one);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        this.sockets.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
  }
}
