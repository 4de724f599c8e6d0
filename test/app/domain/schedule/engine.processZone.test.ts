import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { expect, it } from 'vitest';

const script = path.join(__dirname, 'proof/fires.ts');

function firesIn(processZone: string): string {
  const { stdout, stderr } = spawnSync(process.execPath, ['--require', 'ts-node/register/transpile-only', script], {
    env: { ...process.env, TZ: processZone },
    encoding: 'utf8',
    timeout: 60_000,
  });
  return stdout === '' ? `nothing was printed: ${stderr}` : stdout;
}

it('plans the same instants whatever zone the process is in', () => {
  const utc = firesIn('UTC');
  expect(utc.split('\n').length).toBeGreaterThan(900);
  for (const zone of ['America/New_York', 'Australia/Lord_Howe', 'Asia/Kolkata']) expect(firesIn(zone)).toBe(utc);
}, 240_000);
