import { arch, cpus, loadavg, platform, totalmem } from 'node:os';

/** What the figures were measured on; only ratios hold for another machine. */
export interface Machine {
  cpu: string;
  cores: number;
  memoryGib: number;
  node: string;
  system: string;
  /** The load average of the last minute when the measuring began. */
  load: number;
  date: string;
}

export function machineNow(): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryGib: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    system: `${platform()} ${arch()}`,
    load: loadNow(),
    date: new Date().toISOString().slice(0, 10),
  };
}

export function machineLine({ cpu, cores, memoryGib, node, system, load, date }: Machine): string {
  return `${date}: ${cpu}, ${cores} cores, ${memoryGib} GiB, ${system}, Node.js ${node}, load ${load}`;
}

/** Whether others keep this machine busy: more waits than there are cores. */
export function isLoaded(): boolean {
  return loadNow() > cpus().length;
}

function loadNow(): number {
  return Math.round((loadavg()[0] ?? 0) * 100) / 100;
}
