import { spawn } from 'node:child_process';
import path from 'node:path';

const root = path.resolve(__dirname, '../..');

export interface CommandResult {
  code: number | null;
  /** Standard output and error, in the order in which they came. */
  output: string;
  tookMs: number;
}

/** Runs a command of package.json as a person would, without npm around it. */
export function command(args: string[], env: NodeJS.ProcessEnv, timeoutMs = 90_000): Promise<CommandResult> {
  return program(process.execPath, [path.join(root, 'tools/run.cjs'), ...args], env, timeoutMs);
}

/** Runs any program in the project's folder; killed after timeoutMs. */
export async function program(
  file: string,
  args: string[],
  env: NodeJS.ProcessEnv,
  timeoutMs = 90_000,
): Promise<CommandResult> {
  const startedAt = performance.now();
  let output = '';
  const child = spawn(file, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
  }
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    // Not 'close': what it left in the background may hold the pipes.
    child.once('exit', resolve);
  });
  clearTimeout(timer);
  return { code, output, tookMs: performance.now() - startedAt };
}
