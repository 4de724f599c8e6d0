import { kill } from '../../cluster/processes';
import type { Player } from '../stage';
import type { Fault, FaultTools, Injected } from './types';

/** A dead host is missed by the others after its lease; then it comes back, as a supervisor would start it. */
const hostAwayMs = 12_000;
const hostStartMs = 10_000;

export const workerKill: Fault = {
  name: 'worker-kill',
  what: 'kill -9 of a worker',
  stage: 'plain',
  lastsMs: 0,
  inject: async tools => killed(tools, ({ host }) => tools.random.pick(host.workerPids()), 'worker'),
};

export const agentKill: Fault = {
  name: 'agent-kill',
  what: 'kill -9 of an agent',
  stage: 'plain',
  lastsMs: 0,
  inject: async tools => killed(tools, ({ host }) => host.agentPid(), 'agent'),
};

export const hostKill: Fault = {
  name: 'host-kill',
  what: `kill -9 of a whole host, started again after ${hostAwayMs / 1000} s`,
  stage: 'plain',
  lastsMs: hostAwayMs + hostStartMs,
  async inject({ stage, random, pause }) {
    const { host } = random.pick(stage.players);
    const at = Date.now();
    await host.crash();
    await pause(hostAwayMs);
    await host.start();
    return { at, endAt: Date.now(), whom: host.options.hostId };
  },
};

function killed({ stage, random }: FaultTools, pidOf: (player: Player) => number, role: string): Injected {
  const player = random.pick(stage.players);
  const pid = pidOf(player);
  const at = Date.now();
  kill(pid, 'SIGKILL');
  return { at, endAt: at, whom: `${role} ${pid} of ${player.host.options.hostId}` };
}
