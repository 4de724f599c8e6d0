import { connect, createServer, type Server, type Socket } from 'node:net';

type State = 'open' | 'silent' | 'cut';

/** Lets what listens on 127.0.0.1:port of this machine be reached at `address` too, until it is cut off or fallen silent. */
export class Passage {
  private readonly pairs = new Map<Socket, Socket>();
  /** Came while it was silent: joined once it is mended. */
  private readonly waiting = new Set<Socket>();
  private server: Server | null = null;
  private state: State = 'open';
  port = 0;

  constructor(
    private readonly address: string,
    private readonly target: number,
  ) {}

  async start(): Promise<this> {
    const server = createServer(inner => this.arrived(inner));
    this.server = server;
    await new Promise<void>(resolve => server.listen(0, this.address, resolve));
    const listening = server.address();
    if (listening !== null && typeof listening === 'object') this.port = listening.port;
    return this;
  }

  /** As a server that is gone: what is open breaks, what comes is refused, until mended. */
  cut(): void {
    this.state = 'cut';
    for (const socket of [...this.pairs.keys(), ...this.waiting]) socket.destroy();
  }

  /** As a pulled cable: nothing arrives any more, in neither direction, and nobody is told, until mended. */
  silence(): void {
    this.state = 'silent';
    for (const [socket, other] of this.pairs) {
      socket.unpipe(other);
      socket.pause();
    }
  }

  mend(): void {
    this.state = 'open';
    for (const [socket, other] of this.pairs) socket.pipe(other);
    for (const inner of this.waiting) this.join(inner);
    this.waiting.clear();
  }

  async stop(): Promise<void> {
    this.cut();
    await new Promise<void>(resolve => (this.server === null ? resolve() : this.server.close(() => resolve())));
  }

  private arrived(inner: Socket): void {
    if (this.state === 'cut') inner.destroy();
    else if (this.state === 'open') this.join(inner);
    else {
      inner.pause();
      inner.on('error', () => this.waiting.delete(inner));
      inner.on('close', () => this.waiting.delete(inner));
      this.waiting.add(inner);
    }
  }

  private join(inner: Socket): void {
    const outer = connect(this.target, '127.0.0.1');
    for (const [one, other] of [
      [inner, outer],
      [outer, inner],
    ] as const) {
      this.pairs.set(one, other);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        this.pairs.delete(one);
        other.destroy();
      });
      if (this.state === 'open') one.pipe(other);
    }
  }
}
