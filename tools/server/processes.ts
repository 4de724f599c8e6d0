import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { z } from 'zod';
import type { Installation } from './installation';

export interface ServerProcess {
  pid: number;
  role: 'master' | 'agent' | 'worker';
  port: number;
  workers: number;
}

const optionsSchema = z.object({ port: z.number(), workers: z.number(), pidFile: z.string() });

const roles = { 'start-cluster': 'master', 'agent_worker.js': 'agent', 'app_worker.js': 'worker' } as const;

/** Every process of this installation's server, found by what Egg writes into their command lines. */
export async function serverProcesses(installation: Installation): Promise<ServerProcess[]> {
  const commands = await commandLines();
  return commands.flatMap(({ pid, command }) => {
    const role = Object.entries(roles).find(([script]) => command.includes(script))?.[1];
    const options = role === undefined ? null : optionsIn(command);
    if (role === undefined || options?.pidFile !== installation.pidFile) return [];
    return [{ pid, role, port: options.port, workers: options.workers }];
  });
}

/** Egg hands its options on as one JSON argument. */
function optionsIn(command: string): z.infer<typeof optionsSchema> | null {
  const json = /\{.*\}/.exec(command)?.[0];
  if (json === undefined) return null;
  try {
    return optionsSchema.safeParse(JSON.parse(json)).data ?? null;
  } catch {
    // Some other program whose arguments hold braces.
    return null;
  }
}

async function commandLines(): Promise<{ pid: number; command: string }[]> {
  if (process.platform !== 'linux') return await listedByPs();
  const pids = (await readdir('/proc')).filter(name => /^\d+$/.test(name)).map(Number);
  return await Promise.all(
    pids.map(async pid => {
      const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
      return { pid, command: line.split('\0').join(' ') };
    }),
  );
}

async function listedByPs(): Promise<{ pid: number; command: string }[]> {
  const { stdout } = await promisify(execFile)('ps', ['-wwAo', 'pid=,args='], { maxBuffer: 16 * 1024 * 1024 });
  return stdout.split('\n').flatMap(line => {
    const found = /^\s*(\d+)\s+(.*)$/.exec(line);
    return found?.[1] === undefined || found[2] === undefined ? [] : [{ pid: Number(found[1]), command: found[2] }];
  });
}
