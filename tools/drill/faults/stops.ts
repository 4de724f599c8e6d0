import { kill } from '../../cluster/processes';
import type { Player } from '../stage';
import type { Fault, FaultTools, Injected } from './types';

/** Twice the lease: everything of it is taken over before it goes on. */
const stoppedMs = 20_000;
const margin = 1000;

export const workerStop = stop('worker-stop', 'a worker', ({ random }, { host }) => [random.pick(host.workerPids())]);
export const agentStop = stop('agent-stop', 'an agent', (_tools, { host }) => [host.agentPid()]);
export const hostStop = stop('host-stop', 'a whole host', (_tools, { host }) => host.pids());

/** As a long pause of a virtual machine: the process knows nothing of it. */
function stop(name: string, whom: string, pidsOf: (tools: FaultTools, player: Player) => number[]): Fault {
  return {
    name,
    what: `${whom} stopped (SIGSTOP) for ${stoppedMs / 1000} s and continued`,
    stage: 'plain',
    lastsMs: stoppedMs + margin,
    inject: tools => stopped(tools, pidsOf),
  };
}

async function stopped(tools: FaultTools, pidsOf: (tools: FaultTools, player: Player) => number[]): Promise<Injected> {
  const player = tools.random.pick(tools.stage.players);
  const pids = pidsOf(tools, player);
  const at = Date.now();
  for (const pid of pids) kill(pid, 'SIGSTOP');
  try {
    await tools.pause(stoppedMs);
  } finally {
    for (const pid of pids) kill(pid, 'SIGCONT');
  }
  return { at, endAt: Date.now(), whom: `${pids.join(', ')} of ${player.host.options.hostId}` };
}
