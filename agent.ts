import type { Agent } from 'egg';
import { structuredLog } from './app/cluster/structuredLog';
import { AgentRuntime } from './app/timing/agentRuntime';

/** Egg gives its agent 5 s and never kills it: behind that it ends by itself. */
const closeMs = 4500;

/** Composition only: the agent owns cron timing on this host. */
export default class AgentBoot {
  private readonly runtime: AgentRuntime;

  constructor(agent: Agent) {
    this.runtime = new AgentRuntime({
      settings: agent.config.watchbell.cluster,
      messenger: agent.messenger,
      log: structuredLog(agent.getLogger('watchbellLogger')),
      pid: process.pid,
      masterPid: process.ppid,
      refuse: sentence => this.refuse(sentence),
    });
  }

  async willReady(): Promise<void> {
    await this.runtime.start();
  }

  async beforeClose(): Promise<void> {
    const hardStop = setTimeout(() => process.exit(0), closeMs);
    await this.runtime.stop();
    clearTimeout(hardStop);
  }

  /** Nothing of this host may run: the master ends its workers and then this process. */
  private refuse(sentence: string): void {
    process.stderr.write(`${sentence}\n`);
    process.kill(process.ppid, 'SIGTERM');
  }
}
