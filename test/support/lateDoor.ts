import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import path from 'node:path';
import { z } from 'zod';

const said = z.union([z.object({ listening: z.number() }), z.object({ arrived: z.number() })]);
const connectMs = 200;
/** More than Linux lets wait for a listener of backlog 1. */
const mostFillers = 10;
const synSent = '02';

/**
 * A port in front of a server that lets nobody in until it is opened: who connects waits in its `connect`, as behind a
 * packet that was lost, and is connected by its kernel once the door is open, also while its process stands still.
 */
export class LateDoor {
  /** Ports of those who were let in. */
  readonly arrived = new Set<number>();
  private readonly fillers: Socket[] = [];

  private constructor(
    private readonly child: ChildProcess,
    readonly port: number,
  ) {
    child.on('message', message => {
      const told = said.parse(message);
      if ('arrived' in told) this.arrived.add(told.arrived);
    });
  }

  static async before(target: number): Promise<LateDoor> {
    const script = path.join(__dirname, 'lateDoorProcess.ts');
    const child = fork(script, [String(target)], { execArgv: ['--require', 'ts-node/register/transpile-only'] });
    const [message] = await once(child, 'message', { signal: AbortSignal.timeout(20_000) });
    const { listening } = z.object({ listening: z.number() }).parse(message);
    const door = new LateDoor(child, listening);
    child.kill('SIGSTOP');
    await door.fill();
    return door;
  }

  /** Ports of this machine that wait to be let in. */
  waiting(): number[] {
    const lines = readFileSync('/proc/net/tcp', 'utf8').trim().split('\n').slice(1);
    return lines.flatMap(line => {
      const [, local = '', remote = '', state] = line.trim().split(/\s+/);
      return state === synSent && portOf(remote) === this.port ? [portOf(local)] : [];
    });
  }

  open(): void {
    for (const socket of this.fillers) socket.destroy();
    this.child.kill('SIGCONT');
  }

  async stop(): Promise<void> {
    for (const socket of this.fillers) socket.destroy();
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    this.child.kill('SIGKILL');
    await once(this.child, 'exit');
  }

  /** The process that listens stands still: once its queue is full the kernel answers no one who comes. */
  private async fill(): Promise<void> {
    for (let count = 0; count < mostFillers; count += 1) {
      const socket = connect(this.port, '127.0.0.1');
      socket.on('error', () => socket.destroy());
      if (!(await connected(socket))) {
        socket.destroy();
        return;
      }
      this.fillers.push(socket);
    }
    throw new Error(`${mostFillers} connections wait for a door that takes none`);
  }
}

async function connected(socket: Socket): Promise<boolean> {
  try {
    await once(socket, 'connect', { signal: AbortSignal.timeout(connectMs) });
    return true;
  } catch {
    return false;
  }
}

function portOf(address: string): number {
  return Number.parseInt(address.split(':')[1] ?? '', 16);
}
