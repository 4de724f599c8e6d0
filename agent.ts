import type { Agent } from 'egg';
import { structuredLog } from './app/cluster/structuredLog';
import { createSelfWatch, type SelfWatching } from './app/selfwatch';
import { SecretBox } from './app/service/definition/secretBox';
import { openSelfChannel } from './app/service/definition/selfChannel';
import { AgentRuntime } from './app/timing/agentRuntime';

/** Egg never kills its agent: behind this it ends by itself, so that workers and agent are gone in 6.5 s together. */
const closeMs = 2000;

/** Composition only: the agent owns cron timing on this host. */
export default class AgentBoot {
  private readonly runtime: AgentRuntime;
  private readonly selfWatch: SelfWatching;

  constructor(agent: Agent) {
    const { messenger } = agent;
    const { cluster, selfWatch, secretKey } = agent.config.watchbell;
    const log = structuredLog(agent.getLogger('watchbellLogger'));
    this.runtime = new AgentRuntime({
      settings: cluster,
      messenger,
      log,
      pid: process.pid,
      masterPid: process.ppid,
      refuse: sentence => this.refuse(sentence),
    });
    const sealer = new SecretBox(secretKey);
    const openChannel = openSelfChannel(sealer);
    const vitals = this.runtime.vitals();
    this.selfWatch = createSelfWatch({ settings: selfWatch, vitals, messenger, log, sealer, openChannel });
  }

  async willReady(): Promise<void> {
    this.selfWatch.start();
    await this.runtime.start();
  }

  async beforeClose(): Promise<void> {
    const hardStop = setTimeout(() => process.exit(0), closeMs);
    await Promise.all([this.selfWatch.stop(), this.runtime.stop()]);
    clearTimeout(hardStop);
  }

  /** Nothing of this host may run: the master ends its workers and then this process. */
  private refuse(sentence: string): void {
    process.stderr.write(`${sentence}\n`);
    process.kill(process.ppid, 'SIGTERM');
  }
}
