import { readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';

/** Something that is measured. */
export interface Subject {
  name: string;
  version: string;
  /** Of npm; null for Watchbell itself. */
  packageName: string | null;
  /** The program of its fresh process, relative to this folder. */
  entry: string;
}

const manifestSchema = z.object({ version: z.string() });

/** Everything that can be measured, with the versions that are installed under the project's folder. */
export function subjectsOf(root: string) {
  const peer = (packageName: string, entry: string): Subject => {
    const manifest = path.join(root, 'bench/node_modules', packageName, 'package.json');
    return { name: packageName, packageName, version: versionIn(manifest), entry: `peers/${entry}.js` };
  };
  const version = versionIn(path.join(root, 'package.json'));
  const own = (entry: string): Subject => ({ name: 'Watchbell', packageName: null, version, entry });
  /** What a figure is set beside that is nobody's scheduler: the least that the same work can cost. */
  const floor = (name: string, packageName: string, entry: string): Subject => {
    const manifest = path.join(root, 'node_modules', packageName, 'package.json');
    return { name, packageName, version: versionIn(manifest), entry };
  };
  return {
    watchbell: own('watchbell/scheduler.js'),
    watchbellNext: own('watchbell/next.js'),
    cronSchedule: peer('cron-schedule', 'cronSchedule'),
    eggSchedule: peer('egg-schedule', 'eggSchedule'),
    croner: peer('croner', 'croner'),
    nodeCron: peer('node-cron', 'nodeCron'),
    cronParserNext: peer('cron-parser', 'cronParserNext'),
    cronerNext: peer('croner', 'cronerNext'),
    cronNext: peer('cron', 'cronNext'),
    watchbellIpc: own('watchbell/ipc.js'),
    eggBatches: floor('bare Egg IPC, the same messages', 'egg', 'watchbell/ipc.js'),
    eggSingle: floor('bare Egg IPC, a message each', 'egg', 'watchbell/ipc.js'),
    watchbellClaims: own('watchbell/claims.js'),
    rawInserts: floor('insertMany by one process', 'mongodb', 'watchbell/claims.js'),
    racingInserts: floor('insertMany by racing processes', 'mongodb', 'watchbell/claims.js'),
    watchbellPath: own('watchbell/path.js'),
    agendaPath: peer('agenda', 'agendaPath'),
    watchbellKill: own('watchbell/kill.js'),
    agendaKill: peer('agenda', 'agendaKill'),
    watchbellInForce: own('watchbell/inForce.js'),
    watchbellGrowth: own('watchbell/growth.js'),
  };
}

export type Subjects = ReturnType<typeof subjectsOf>;

function versionIn(file: string): string {
  return manifestSchema.parse(JSON.parse(readFileSync(file, 'utf8'))).version;
}
