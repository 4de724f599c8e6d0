import { readdir, readlink, realpath } from 'node:fs/promises';
import path from 'node:path';
import { commandLineOf } from '../run/processes';
import { type DataFolder, readIfThere } from './dataFolder';

/** The process that has the database open. */
export interface Holder {
  pid: number;
  command: string;
  /** It was started by this package for this folder (it uses the folder's key file). */
  ours: boolean;
}

/** Who has the database open; null where nobody has. mongod leaves its pid behind when it is killed: that alone says nothing. */
export async function holderOf(folder: DataFolder): Promise<Holder | null> {
  const lock = path.join(folder.db, 'mongod.lock');
  const pid = Number((await readIfThere(lock)) ?? '');
  if (!Number.isInteger(pid) || pid <= 0) return null;
  const command = await commandLineOf(pid);
  if (command === null) return null;
  if (!command.includes(folder.db) && !(await hasOpen(pid, lock))) return null;
  return { pid, command, ours: command.includes(folder.keyFile) };
}

/** Whether the process has this file open; false where that cannot be seen (not Linux, or somebody else's process). */
async function hasOpen(pid: number, file: string): Promise<boolean> {
  const target = await realpath(file);
  const descriptors = await readdir(`/proc/${pid}/fd`).catch(() => []);
  const targets = await Promise.all(descriptors.map(fd => readlink(`/proc/${pid}/fd/${fd}`).catch(() => '')));
  return targets.includes(target);
}
