import { kill } from '../../cluster/processes';
import type { Fault } from './types';

const busyMs = 20_000;
/** Of each period a worker gets this share: what is left of a processor that others use up. */
const periodMs = 250;
const share = 0.1;

/** By stopping and continuing, as cpulimit does: the same on every machine, and no burden for its other work. */
export const busy: Fault = {
  name: 'busy',
  what: `every worker gets ${share * 100} % of its processor for ${busyMs / 1000} s`,
  stage: 'plain',
  lastsMs: busyMs + 1000,
  async inject({ stage, pause }) {
    const pids = stage.players.flatMap(({ host }) => host.workerPids());
    const all = (signal: NodeJS.Signals) => {
      for (const pid of pids) kill(pid, signal);
    };
    const at = Date.now();
    try {
      while (Date.now() < at + busyMs) {
        all('SIGSTOP');
        await pause(periodMs * (1 - share));
        all('SIGCONT');
        await pause(periodMs * share);
      }
    } finally {
      all('SIGCONT');
    }
    return { at, endAt: Date.now(), whom: `${pids.length} workers` };
  },
};
