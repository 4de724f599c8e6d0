import type { Agent } from 'egg';
import { Metrics } from '../../../app/cluster/metrics';
import { ipcNames, type RunHint } from '../../../app/ipc/messages';
import { Announcer } from '../../../app/timing/announcer';
import { Timekeeper } from '../../../app/timing/timekeeper';
import { until } from '../subject/process';
import { jobNamed } from '../watchbell/plannedJob';
import { burstMs, ipcTask, singleName } from './task';

const batchSize = 1000;
const log = { info: () => {}, warn: console.error, error: console.error };

/** The agent of W6: Watchbell's timekeeper and announcer, or messages of the same content and nothing else. */
export default class IpcAgent {
  private workers: number[] = [];

  constructor(private readonly agent: Agent) {
    agent.messenger.on('egg-pids', (pids: number[]) => {
      this.workers = pids;
    });
    agent.messenger.once('egg-ready', () => void this.run());
  }

  private async run(): Promise<void> {
    const task = ipcTask();
    if (task.mode === 'timekeeper') this.keepTime(task);
    else for (let burst = 0; burst < task.bursts; burst += 1) await this.burst(task, task.firstAt + burst * burstMs);
  }

  private announcer(): Announcer {
    const send = (pid: number, batch: RunHint[]) => this.agent.messenger.sendTo(pid, ipcNames.run, batch);
    return new Announcer(() => this.workers, send, new Metrics());
  }

  private keepTime({ jobs, firstAt }: ReturnType<typeof ipcTask>): void {
    const announcer = this.announcer();
    const timekeeper = new Timekeeper(
      {
        ...{ clock: { now: () => new Date() }, log, host: { id: 'bench', labels: {} } },
        ...{ ready: async () => true, alone: () => true, rank: () => 0, measured: () => {}, ended: async () => {} },
        recorded: async keys => new Set(keys),
        announce: (batch, again) => announcer.announce(batch, again),
        missed: ({ name }) => console.error(`${name} was missed`),
      },
      { standbyMs: 1000, reannounceMs: 3000, misfireHorizonMs: 86_400_000 },
    );
    const anchorAt = new Date(firstAt);
    for (let index = 0; index < jobs; index += 1) {
      const schedule = { everyMs: burstMs, anchorAt };
      timekeeper.upsert({ ...jobNamed(`ipc-${index}`, schedule), startAt: anchorAt });
    }
    timekeeper.start();
  }

  /** The messages are made before their time: only sending them is measured. */
  private async burst({ jobs, mode }: ReturnType<typeof ipcTask>, at: number): Promise<void> {
    const rest = { revision: 1, at, overlap: 'skip', claimUntil: at + 15_000, onLost: 'retry' } as const;
    const hints = Array.from({ length: jobs }, (_, index): RunHint => ({ job: `ipc-${index}`, ...rest }));
    const announcer = this.announcer();
    await until(at);
    if (mode === 'batches') {
      for (let from = 0; from < jobs; from += batchSize) announcer.announce(hints.slice(from, from + batchSize), false);
      return;
    }
    const pids = this.workers;
    for (const [index, hint] of hints.entries()) {
      this.agent.messenger.sendTo(pids[index % pids.length] ?? 0, singleName, hint);
    }
  }
}
