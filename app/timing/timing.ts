import type { Metrics } from '../cluster/metrics';
import type { Clock } from '../cluster/types';
import type { Log } from '../domain/log';
import type { Labels } from '../domain/message/types';
import { hostRank } from '../domain/run/occurrence';
import { hasLabels } from '../domain/run/placement';
import type { RunHint } from '../ipc/messages';
import type { Calendars } from '../repository/calendars';
import type { Jobs } from '../repository/jobs';
import type { Runs } from '../repository/runs';
import type { Settlements } from '../repository/settlements';
import { CalendarBook } from './calendarBook';
import { Checkpoint } from './checkpoint';
import { IdleJobs } from './idleJobs';
import { Misfires } from './misfires';
import type { PlannedOccurrence } from './plan';
import { Planner } from './planner';
import { Timekeeper, type TimekeeperOptions } from './timekeeper';

export interface TimingPorts {
  hostId: string;
  hostLabels: Labels;
  /** MongoDB's time. */
  clock: Clock;
  /** Whether the time can be trusted and this host may announce now; measures again after a step of a clock. */
  ready(): Promise<boolean>;
  /** The hosts that occurrences are spread over. */
  hosts(): readonly string[];
  /** The labels of one of those hosts. */
  labelsOf(hostId: string): Labels;
  /** This host takes no work: it plans on, so that it can go on at once, announces nothing and decides about nothing missed. */
  draining(): boolean;
  jobs: Jobs;
  calendars: Calendars;
  runs: Runs;
  settlements: Settlements;
  announce(batch: RunHint[], again: boolean): void;
  /** Runs were queued: the workers of this host look for them. */
  wakeRuns(): void;
  /** MongoDB's time, in ms, up to which every definition is known here. */
  definitionsSeenAt(): number;
  metrics: Metrics;
  log: Log;
}

/** Cron timing of a host: what is due, what was missed, what is paused, and up to where everything is in order. */
export class Timing {
  /** Takes the definitions in. */
  readonly planner: Planner;
  private readonly timekeeper: Timekeeper;
  private readonly misfires: Misfires;
  private readonly idleJobs: IdleJobs;
  private readonly checkpoint: Checkpoint;

  constructor(
    private readonly ports: TimingPorts,
    options: TimekeeperOptions,
  ) {
    const { jobs, runs, settlements, metrics, wakeRuns } = ports;
    const shared = {
      ...ports,
      announce: (batch: RunHint[], again: boolean) => {
        if (!ports.draining()) ports.announce(batch, again);
      },
      host: { id: ports.hostId, labels: ports.hostLabels },
      alone: () => ports.hosts().every(host => host === ports.hostId),
      rank: (key: string, labels: Labels = {}) => hostRank(key, this.hostsWith(labels), ports.hostId),
      // Before the first sweep no host is known: that says nothing.
      anyHostWith: (labels: Labels) => ports.hosts().length === 0 || this.hostsWith(labels).length > 0,
    };
    this.misfires = new Misfires(
      {
        ...shared,
        ready: async () => !ports.draining() && (await ports.ready()),
        settle: request => settlements.settle(request),
        settledUntil: lanes => settlements.settledUntil(lanes),
        wake: wakeRuns,
      },
      options.standbyMs,
    );
    this.timekeeper = new Timekeeper(
      {
        ...shared,
        recorded: keys => runs.recorded(keys),
        missed: (plan, at, until) => this.misfires.add(plan, at, until),
        ended: occurrences => this.recordEnded(occurrences),
        measured: count => metrics.heapSize.set(count),
      },
      options,
    );
    this.idleJobs = new IdleJobs({ ...shared, recordIdle: (idle, now) => settlements.recordIdle(idle, now) });
    this.checkpoint = new Checkpoint({
      ...ports,
      oldestOpen: () => Math.min(this.timekeeper.oldestOpen(), this.misfires.oldestOpen()),
      moveCheckpoint: until => settlements.moveCheckpoint(until, ports.hostId),
    });
    const plans = [this.timekeeper, this.idleJobs];
    const calendars = new CalendarBook(ports.calendars);
    this.planner = new Planner({ jobs, calendars, plans, beforeLoad: () => this.readCheckpoint() });
  }

  start(): void {
    for (const part of this.parts()) part.start();
  }

  async stop(): Promise<void> {
    await Promise.all(this.parts().map(part => part.stop()));
  }

  /** How far the timekeeper is behind, in ms. */
  behindMs(): number {
    return this.timekeeper.behindMs();
  }

  /** The clock was measured: what it says may have moved by a step. */
  clockMeasured(): void {
    this.timekeeper.clockMeasured();
  }

  private parts() {
    return [this.timekeeper, this.misfires, this.idleJobs, this.checkpoint];
  }

  /** Of those that occurrences are spread over. */
  private hostsWith(labels: Labels): readonly string[] {
    const { hosts, labelsOf } = this.ports;
    if (Object.keys(labels).length === 0) return hosts();
    return hosts().filter(host => hasLabels(labelsOf(host), labels));
  }

  /**
   * A checkpoint ahead of the time (the server's clock was set back) says nothing of jobs that came since. A host that is
   * new has missed nothing of what every host runs.
   */
  private async readCheckpoint(): Promise<void> {
    const { settlements, clock, hostId } = this.ports;
    const [all, own] = await Promise.all([settlements.checkpoint(), settlements.hostCheckpoint(hostId, clock.now())]);
    const now = clock.now().getTime();
    if (all !== null) this.timekeeper.coverFrom(Math.min(all.getTime(), now));
    this.timekeeper.coverFrom(Math.min(own.getTime(), now), 'every-host');
  }

  private async recordEnded(occurrences: readonly PlannedOccurrence[]): Promise<void> {
    const skips = occurrences.flatMap(({ plan, at }) =>
      plan.end === null || plan.end.why === 'deleted' ? [] : [{ job: plan, at, reason: plan.end.why }],
    );
    await this.ports.settlements.recordSkips(skips, this.ports.clock.now());
  }
}
