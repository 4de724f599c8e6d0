import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { CommandError } from './errors';

const installMs = 10 * 60_000;

/** Whether aptInstall can work: Debian or a relative of it, as root. */
export function canInstallPackages(): boolean {
  return process.getuid?.() === 0 && existsSync('/usr/bin/apt-get');
}

/** Installs Debian packages; needs root. Throws CommandError with what apt-get said. */
export async function aptInstall(packages: readonly string[]): Promise<void> {
  const install = ['install', '-y', '--no-install-recommends', ...packages];
  if ((await aptGet(install)) === null) return;
  // A machine that never asked its mirrors knows no packages.
  await aptGet(['update']);
  const said = await aptGet(install);
  if (said !== null) throw new CommandError(`${packages.join(' and ')} could not be installed: ${said}`);
}

/** null where it worked, else the last words. */
async function aptGet(args: string[]): Promise<string | null> {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const options = ['-q', '-o', 'DPkg::Lock::Timeout=120'];
  const child = spawn('apt-get', [...options, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'], timeout: installMs });
  let output = '';
  const hear = (chunk: Buffer): void => {
    output = (output + chunk.toString()).slice(-4000);
  };
  child.stdout.on('data', hear);
  child.stderr.on('data', hear);
  const [code] = await once(child, 'close');
  return code === 0 ? null : output.trim().split('\n').slice(-3).join(' | ');
}
