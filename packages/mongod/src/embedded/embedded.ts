import { randomBytes } from 'node:crypto';
import { MongodError, reasonOf } from '../errors';
import { type Mongod, resolveMongod } from '../resolve/resolveMongod';
import { endMongod, launchMongod, PortTaken } from '../run/mongodProcess';
import { freePort, isFree } from '../run/ports';
import { compareVersions, formatVersion, isOlderLine, parseVersion } from '../version';
import { DataFolder, type EmbeddedSettings } from './dataFolder';
import { type Holder, holderOf } from './holder';
import { raiseFormat, setName, setUpAgain, setUpFirst } from './setUp';
import { withStartLock } from './startLock';

export interface StartOptions {
  /** The data folder; the database lies in `mongod` inside it. */
  dataDir: string;
  /** Told one sentence at each thing that takes time. */
  onProgress?: (sentence: string) => void;
  /** Finds the binary; default: resolveMongod. */
  resolve?: (onProgress: (sentence: string) => void) => Promise<Pick<Mongod, 'file' | 'version'>>;
}

export interface RunningEmbedded {
  /** With credentials, replica set and the database `watchbell`: a secret. */
  url: string;
  pid: number;
  port: number;
  version: string;
  /** It ran before this call. */
  alreadyRunning: boolean;
}

export interface EmbeddedStatus {
  running: boolean;
  pid: number | null;
  /** Null before the first start. */
  port: number | null;
  /** Of the newest MongoDB that has written here; null before the first start. */
  version: string | null;
}

/** Recovery after kill -9 reads the journal: seconds, on slow disks many. */
const startMs = 120_000;
const lockMs = 150_000;
const stopMs = 15_000;
const portAttempts = 5;

/**
 * Starts the database of a data folder, or finds it running. It outlives this process until stopEmbedded.
 * Throws MongodError or MongodNotFound with a sentence for the person.
 */
export async function startEmbedded(options: StartOptions): Promise<RunningEmbedded> {
  const folder = new DataFolder(options.dataDir);
  await folder.prepare();
  return await withStartLock(folder.lock, lockMs, async () => {
    const settings = await folder.settings();
    const holder = await holderOf(folder);
    if (holder !== null && settings?.ready === true) return await adopt(folder, settings, holder);
    if (holder !== null) await endUnfinished(folder, holder);
    return await start(folder, settings, options);
  });
}

/** Ends the database of a data folder: cleanly, after 15 s by SIGKILL. False where it did not run. */
export async function stopEmbedded(dataDir: string): Promise<boolean> {
  const folder = new DataFolder(dataDir);
  if ((await statusEmbedded(dataDir)).pid === null) return false;
  return await withStartLock(folder.lock, lockMs, async () => {
    const holder = await holderOf(folder);
    if (holder === null) return false;
    if (!holder.ours) throw inUse(folder, holder);
    await endMongod(holder.pid, stopMs);
    return true;
  });
}

/** Changes nothing, also where there is no such folder. */
export async function statusEmbedded(dataDir: string): Promise<EmbeddedStatus> {
  const folder = new DataFolder(dataDir);
  const settings = await folder.settings();
  const holder = await holderOf(folder);
  return {
    running: holder !== null,
    pid: holder?.pid ?? null,
    port: settings?.port ?? null,
    version: settings?.version ?? null,
  };
}

async function adopt(folder: DataFolder, settings: EmbeddedSettings, holder: Holder): Promise<RunningEmbedded> {
  if (!holder.ours) throw inUse(folder, holder);
  try {
    const found = await setUpAgain(settings);
    if (found.pid !== holder.pid) throw new MongodError(`another mongod (pid ${found.pid}) has port ${settings.port}`);
    return describe(settings, holder.pid, found.version, true);
  } catch (error) {
    throw new MongodError(`${inUse(folder, holder).message} It cannot be used: ${reasonOf(error)}.`);
  }
}

/** A first set-up was cut off while its mongod went on. */
async function endUnfinished(folder: DataFolder, holder: Holder): Promise<void> {
  if (!holder.ours) throw inUse(folder, holder);
  await endMongod(holder.pid, stopMs);
}

async function start(
  folder: DataFolder,
  before: EmbeddedSettings | null,
  options: StartOptions,
): Promise<RunningEmbedded> {
  const onProgress = options.onProgress ?? (() => {});
  const mongod = await (options.resolve ?? (progress => resolveMongod({ onProgress: progress })))(onProgress);
  refuseOlder(folder, mongod, before);
  const ready = before?.ready === true;
  if (!ready) await folder.clear();
  await folder.ensureKeyFile();
  await folder.turnLog();
  const first = before ?? { port: await freePort(), user: setName, password: newPassword(), version: null, ready };
  const { settings, pid } = await launch(folder, mongod, first);
  try {
    if (!ready) await setUpFirst(settings);
    const { version } = await setUpAgain(settings);
    const done = { ...settings, version: newest(version, settings.version), ready: true };
    await folder.save(done);
    await raiseFormat(done, `${mongod.version.major}.${mongod.version.minor}`);
    return describe(done, pid, version, false);
  } catch (error) {
    await endMongod(pid, stopMs);
    throw error;
  }
}

/** Starts mongod at the port kept in the folder, or at another where that is taken. */
async function launch(
  folder: DataFolder,
  mongod: Pick<Mongod, 'file'>,
  before: EmbeddedSettings,
): Promise<{ settings: EmbeddedSettings; pid: number }> {
  const args = ['--auth', `--keyFile=${folder.keyFile}`, `--replSet=${setName}`, '--oplogSize=512', '--quiet'];
  for (let attempt = 1; ; attempt++) {
    const port = attempt === 1 && (await isFree(before.port)) ? before.port : await freePort();
    const settings = { ...before, port };
    await folder.save(settings);
    try {
      const pid = await launchMongod({ file: mongod.file, folder: folder.root, port, args, detached: true, startMs });
      return { settings, pid };
    } catch (error) {
      if (!(error instanceof PortTaken) || attempt === portAttempts) throw error;
    }
  }
}

function refuseOlder(folder: DataFolder, mongod: Pick<Mongod, 'file' | 'version'>, settings: EmbeddedSettings | null) {
  const wrote = settings?.version == null ? null : parseVersion(settings.version);
  if (wrote === null || !isOlderLine(mongod.version, wrote)) return;
  throw new MongodError(
    `The data folder ${folder.dataDir} was written by MongoDB ${formatVersion(wrote)}; ${mongod.file} is ${formatVersion(mongod.version)}, which is older and cannot read it. Set WATCHBELL_MONGOD to a mongod of ${wrote.major}.${wrote.minor} or newer.`,
  );
}

function newest(version: string, noted: string | null): string {
  const [a, b] = [parseVersion(version), noted === null ? null : parseVersion(noted)];
  return a !== null && b !== null && compareVersions(a, b) < 0 && noted !== null ? noted : version;
}

function inUse(folder: DataFolder, holder: Holder): MongodError {
  return new MongodError(`The data folder ${folder.dataDir} is in use by process ${holder.pid} (${holder.command}).`);
}

function newPassword(): string {
  return randomBytes(24).toString('base64url');
}

function describe(settings: EmbeddedSettings, pid: number, version: string, alreadyRunning: boolean): RunningEmbedded {
  const { user, password, port } = settings;
  const url = `mongodb://${user}:${password}@127.0.0.1:${port}/watchbell?replicaSet=${setName}&authSource=admin`;
  return { url, pid, port, version, alreadyRunning };
}
