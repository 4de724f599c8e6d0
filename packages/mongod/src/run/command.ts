import { spawn } from 'node:child_process';

export interface CommandOptions {
  env?: NodeJS.ProcessEnv;
  /** The command is killed after this span. */
  timeoutMs: number;
  /** The command is killed when it has printed nothing for this span. */
  silenceMs?: number;
  onOutput?: (text: string) => void;
}

export interface CommandResult {
  /** Exit code; null where it could not be started or was killed. */
  code: number | null;
  /** Standard output and error, the last 64 KiB. */
  output: string;
  /** Why there is no exit code: `not found`, `no answer within 8 s` … */
  failure: string | null;
}

const keptOutput = 64 * 1024;

/** Runs a program without a shell, always within its time; never rejects. */
export function runCommand(file: string, args: readonly string[], options: CommandOptions): Promise<CommandResult> {
  return new Promise(resolve => {
    const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'], env: options.env ?? process.env });
    let output = '';
    let failure: string | null = null;
    const kill = (why: string): void => {
      failure ??= why;
      child.kill('SIGKILL');
    };
    const limit = setTimeout(() => kill(`not done within ${seconds(options.timeoutMs)}`), options.timeoutMs);
    const silenceMs = options.silenceMs ?? options.timeoutMs;
    const silence = setTimeout(() => kill(`no answer within ${seconds(silenceMs)}`), silenceMs);
    const hear = (chunk: Buffer): void => {
      silence.refresh();
      output = (output + chunk.toString('utf8')).slice(-keptOutput);
      options.onOutput?.(chunk.toString('utf8'));
    };
    const finish = (code: number | null): void => {
      clearTimeout(limit);
      clearTimeout(silence);
      resolve({ code: failure === null ? code : null, output, failure });
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.once('error', error => {
      failure = 'code' in error && error.code === 'ENOENT' ? 'not found' : error.message;
      finish(null);
    });
    child.once('close', (code, signal) => {
      if (code === null) failure ??= `ended by ${signal}`;
      finish(code);
    });
  });
}

/** The last line of an output that says something. */
export function lastLine(output: string): string {
  return output.trim().split('\n').at(-1)?.trim() ?? '';
}

function seconds(ms: number): string {
  return `${Math.round(ms / 100) / 10} s`;
}
