import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { MongoClient } from 'mongodb';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../../../../test/support/eventually';
import { startEmbedded, statusEmbedded, stopEmbedded } from '../../src/embedded/embedded';
import { resolveMongod } from '../../src/resolve/resolveMongod';
import { endMongod } from '../../src/run/mongodProcess';
import { accepts, freePort } from '../../src/run/ports';
import { commandLineOf, waitForEnd } from '../../src/run/processes';

let dataDir: string;
const closers: (() => Promise<unknown>)[] = [];

beforeEach(() => {
  dataDir = mkdtempSync(path.join(os.tmpdir(), 'wb-data-'));
});
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
  await stopEmbedded(dataDir).catch(() => {});
  rmSync(dataDir, { recursive: true, force: true });
});

async function rows(url: string) {
  const client = new MongoClient(url, { serverSelectionTimeoutMS: 10_000 });
  closers.push(() => client.close());
  return (await client.connect()).db().collection<{ _id: string }>('rows');
}

async function killHard(pid: number): Promise<void> {
  process.kill(pid, 'SIGKILL');
  expect(await waitForEnd(pid, 5000)).toBe(true);
}

async function occupy(port: number): Promise<void> {
  const foreign = net.createServer(socket => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    foreign.once('error', reject);
    foreign.listen(port, '127.0.0.1', resolve);
  });
  closers.push(() => new Promise(resolve => foreign.close(resolve)));
}

function settingsFile(): string {
  return path.join(dataDir, 'mongod', 'settings.json');
}

describe('the embedded database', () => {
  it('takes writes by its URL, and nothing without the password', async () => {
    const running = await startEmbedded({ dataDir });
    expect(running.alreadyRunning).toBe(false);
    await (await rows(running.url)).insertOne({ _id: 'a' });
    const stranger = new MongoClient(`mongodb://127.0.0.1:${running.port}/?directConnection=true`);
    closers.push(() => stranger.close());
    await expect(stranger.db('watchbell').collection('rows').findOne()).rejects.toThrow(/requires authentication/);
    await expect(stranger.db('admin').command({ createUser: 'me', pwd: 'x', roles: ['root'] })).rejects.toThrow(
      /requires authentication/,
    );
  });

  it('keeps its secrets to its owner', async () => {
    await startEmbedded({ dataDir });
    const folder = path.join(dataDir, 'mongod');
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(statSync(settingsFile()).mode & 0o777).toBe(0o600);
    expect(statSync(path.join(folder, 'keyFile')).mode & 0o777).toBe(0o600);
    const pid = (await statusEmbedded(dataDir)).pid ?? 0;
    expect(await commandLineOf(pid)).not.toContain(JSON.parse(readFileSync(settingsFile(), 'utf8')).password);
  });

  it('is found running by a second start, and by two at once', async () => {
    const [first, second] = await Promise.all([startEmbedded({ dataDir }), startEmbedded({ dataDir })]);
    expect([first.alreadyRunning, second.alreadyRunning].sort()).toEqual([false, true]);
    expect(second.pid).toBe(first.pid);
    expect(second.url).toBe(first.url);
    expect(await statusEmbedded(dataDir)).toMatchObject({ running: true, pid: first.pid, port: first.port });
  });

  it('stops cleanly in under 5 s and starts again with the same address and data', async () => {
    const first = await startEmbedded({ dataDir });
    await (await rows(first.url)).insertOne({ _id: 'a' });
    const before = performance.now();
    expect(await stopEmbedded(dataDir)).toBe(true);
    expect(performance.now() - before).toBeLessThan(5000);
    expect(await statusEmbedded(dataDir)).toMatchObject({ running: false, pid: null, port: first.port });
    expect(await stopEmbedded(dataDir)).toBe(false);
    const again = await startEmbedded({ dataDir });
    expect(again.url).toBe(first.url);
    expect(await (await rows(again.url)).countDocuments()).toBe(1);
  });

  it('works again after kill -9 while its port is taken by a foreign program', async () => {
    const first = await startEmbedded({ dataDir });
    await (await rows(first.url)).insertOne({ _id: 'a' });
    await killHard(first.pid);
    await occupy(first.port);
    const again = await startEmbedded({ dataDir });
    expect(again.port).not.toBe(first.port);
    const collection = await rows(again.url);
    await collection.insertOne({ _id: 'b' });
    expect(await collection.countDocuments()).toBe(2);
  });

  it('is made anew when the first set-up was cut off', async () => {
    const first = await startEmbedded({ dataDir });
    const settings = JSON.parse(readFileSync(settingsFile(), 'utf8'));
    writeFileSync(settingsFile(), JSON.stringify({ ...settings, version: null, ready: false }));
    const whileItRuns = await startEmbedded({ dataDir });
    expect(whileItRuns.alreadyRunning).toBe(false);
    expect(await commandLineOf(first.pid)).toBeNull();
    await killHard(whileItRuns.pid);
    writeFileSync(settingsFile(), JSON.stringify({ ...settings, version: null, ready: false }));
    const afterKill = await startEmbedded({ dataDir });
    await (await rows(afterKill.url)).insertOne({ _id: 'a' });
  });

  it('refuses a MongoDB older than the one that wrote the folder', async () => {
    await startEmbedded({ dataDir });
    await stopEmbedded(dataDir);
    const settings = JSON.parse(readFileSync(settingsFile(), 'utf8'));
    writeFileSync(settingsFile(), JSON.stringify({ ...settings, version: '98.1.0' }));
    await expect(startEmbedded({ dataDir })).rejects.toThrow(
      /was written by MongoDB 98\.1\.0; .* is older and cannot read it\. Set WATCHBELL_MONGOD to a mongod of 98\.1 or newer/,
    );
  });

  it('says which process has the data folder', async () => {
    const running = await startEmbedded({ dataDir });
    await stopEmbedded(dataDir);
    const { file } = await resolveMongod();
    const port = await freePort();
    const folder = path.join(dataDir, 'mongod');
    // A relative path: the command line alone does not give it away.
    const foreign = spawn(file, ['--dbpath=db', `--port=${port}`, '--nounixsocket'], { cwd: folder, stdio: 'ignore' });
    const pid = foreign.pid ?? 0;
    closers.push(() => endMongod(pid, 10_000));
    await eventually('the foreign mongod listens', () => accepts(port));
    await expect(startEmbedded({ dataDir })).rejects.toThrow(`is in use by process ${pid}`);
    await expect(stopEmbedded(dataDir)).rejects.toThrow(`is in use by process ${pid}`);
    expect(running.pid).not.toBe(pid);
  });

  it('does not touch a database whose password is lost', async () => {
    await startEmbedded({ dataDir });
    await stopEmbedded(dataDir);
    rmSync(settingsFile());
    await expect(startEmbedded({ dataDir })).rejects.toThrow(/settings\.json, which has its password, is gone/);
  });

  it('gives what mongod says when it does not start', async () => {
    const resolve = async () => ({ file: '/bin/false', version: { major: 6, minor: 0, patch: 0 } });
    await expect(startEmbedded({ dataDir, resolve })).rejects.toThrow(/mongod did not start in .*ended with code 1/);
  });

  it('is not held up by the lock of a process that died', async () => {
    await startEmbedded({ dataDir });
    await stopEmbedded(dataDir);
    const dead = spawn('/bin/true');
    await new Promise(resolve => dead.once('exit', resolve));
    writeFileSync(path.join(dataDir, 'mongod', 'start.lock'), String(dead.pid));
    expect((await startEmbedded({ dataDir })).alreadyRunning).toBe(false);
  });
});
