import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { CommandError } from '../errors';
import { eventSchema, type WitnessEvent } from './types';

const hello = z.union([z.object({ port: z.number() }), z.object({ error: z.string() })]);
const startMs = 10_000;

export interface WitnessOptions {
  /** Where its file is made. */
  folder: string;
  /** Addresses of this machine that the runs reach it at. */
  addresses: readonly string[];
  /** 0 takes any. */
  port: number;
}

/** The witness in a process of its own: what happens to the drill or to a host does not stop it from writing. */
export class Witness {
  private constructor(
    private readonly child: ChildProcess,
    private readonly file: string,
    readonly port: number,
  ) {}

  /** Throws CommandError where it cannot listen. */
  static async start({ folder, addresses, port }: WitnessOptions): Promise<Witness> {
    const file = path.join(folder, 'witness.jsonl');
    const script = path.join(__dirname, 'witnessProcess.js');
    const child = fork(script, [file, String(port), ...addresses], { stdio: 'ignore', execArgv: [] });
    const [message] = await once(child, 'message', { signal: AbortSignal.timeout(startMs) });
    const said = hello.parse(message);
    if ('port' in said) return new Witness(child, file, said.port);
    child.disconnect();
    throw new CommandError(`The witness cannot listen on ${addresses.join(', ')} port ${port}: ${said.error}.`);
  }

  /** Every call so far. */
  async events(): Promise<WitnessEvent[]> {
    const text = await readFile(this.file, 'utf8');
    const lines = text.split('\n').filter(line => line !== '');
    return lines.map(line => eventSchema.parse(JSON.parse(line)));
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    this.child.kill('SIGKILL');
    await once(this.child, 'exit');
  }
}
