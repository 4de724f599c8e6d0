import { randomBytes } from 'node:crypto';
import { chmod, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { MongodError, reasonOf } from '../errors';

const settingsSchema = z.object({
  /** Kept from start to start, so that the address stays the same where possible. */
  port: z.int().min(1).max(65_535),
  user: z.string(),
  password: z.string(),
  /** The newest version of MongoDB that has written here; null before the first start. */
  version: z.string().nullable(),
  /** The first set-up (replica set, user) is done; before that, the database holds nothing and is made anew. */
  ready: z.boolean(),
});

export type EmbeddedSettings = z.infer<typeof settingsSchema>;

const largestLog = 16 * 1024 * 1024;

/** The embedded database's part of a data folder: `<dataDir>/mongod`, readable by its owner only. */
export class DataFolder {
  readonly root: string;
  readonly db: string;
  readonly keyFile: string;
  readonly lock: string;
  private readonly settingsFile: string;

  constructor(readonly dataDir: string) {
    this.root = path.join(dataDir, 'mongod');
    this.db = path.join(this.root, 'db');
    this.keyFile = path.join(this.root, 'keyFile');
    this.lock = path.join(this.root, 'start.lock');
    this.settingsFile = path.join(this.root, 'settings.json');
  }

  /** Makes the folders. Throws MongodError where they cannot be made. */
  async prepare(): Promise<void> {
    try {
      await mkdir(this.db, { recursive: true, mode: 0o700 });
      await chmod(this.root, 0o700);
    } catch (error) {
      throw new MongodError(`The data folder ${this.dataDir} cannot be used: ${reasonOf(error)}.`);
    }
  }

  /** Null before the first start. Throws MongodError where the file is broken, or lost while there is data. */
  async settings(): Promise<EmbeddedSettings | null> {
    const text = await readIfThere(this.settingsFile);
    if (text !== null) return parseSettings(text, this.settingsFile);
    const names = await readdir(this.db).catch(() => []);
    if (names.length === 0) return null;
    throw new MongodError(
      `${this.db} holds a database but ${this.settingsFile}, which has its password, is gone: put it back from a copy, or move the folder ${this.root} away to start anew.`,
    );
  }

  async save(settings: EmbeddedSettings): Promise<void> {
    await writeDurably(this.settingsFile, `${JSON.stringify(settings, null, 2)}\n`);
  }

  /** The secret that the nodes of the set share: mongod wants one as soon as users have to sign in. */
  async ensureKeyFile(): Promise<void> {
    if ((await readIfThere(this.keyFile)) === null) {
      await writeDurably(this.keyFile, randomBytes(256).toString('base64'));
    }
  }

  /** Empties the database: only for a first set-up that was cut off. */
  async clear(): Promise<void> {
    await rm(this.db, { recursive: true, force: true });
    await this.prepare();
  }

  /** mongod's log would grow for ever. */
  async turnLog(): Promise<void> {
    const log = path.join(this.root, 'mongod.log');
    const size = await stat(log).then(
      found => found.size,
      () => 0,
    );
    if (size > largestLog) await rename(log, `${log}.1`);
  }
}

export async function readIfThere(file: string): Promise<string | null> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}

function parseSettings(text: string, file: string): EmbeddedSettings {
  try {
    return settingsSchema.parse(JSON.parse(text));
  } catch (error) {
    throw new MongodError(`${file} cannot be read: ${reasonOf(error)}.`);
  }
}

/** The file is either the old or the new one, whenever the machine stops. */
async function writeDurably(file: string, text: string): Promise<void> {
  const partial = `${file}.${process.pid}.partial`;
  const handle = await open(partial, 'w', 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(partial, file);
}
