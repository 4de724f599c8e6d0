import type { ClientSession } from 'mongodb';
import type { Metrics } from '../../cluster/metrics';
import type { Clock, Lease } from '../../cluster/types';
import type { Job } from '../../domain/job/types';
import type { Log } from '../../domain/log';
import { laneOf } from '../../domain/run/lane';
import type { PlacedHost, PlacedRun } from '../../domain/run/placement';
import { startDecision, type Trigger } from '../../domain/run/start';
import type { Runs } from '../../repository/runs';
import type { Settlements } from '../../repository/settlements';
import type { Newest } from './newest';
import type { Runner } from './runner';
import { WorkSignal } from './workSignal';

/** A run that this member has claimed, promoted or taken over, not started yet. */
export interface OwnedRun extends Pick<PlacedRun, 'boundTo'> {
  id: string;
  job: string;
  /** The definition by which it was announced or asked for. */
  revision: number;
  trigger: Trigger;
  scheduledAt: Date;
  fence: number;
  attempt: number;
  /** The lane that it holds. */
  slot: string | null;
  /** What made it this member's. */
  by: 'claim' | 'promotion' | 'takeOver';
}

export interface StarterPorts {
  newest: Newest;
  runs: Runs;
  settlements: Pick<Settlements, 'settledUntil'>;
  runner: Pick<Runner, 'execute'>;
  lease: Lease;
  /** This host. */
  host: PlacedHost;
  clock: Clock;
  metrics: Metrics;
  log: Log;
  /** A run has ended here; `others` says that others of its kind may wait for the lane that it held. */
  freed(lane: string | null, others: boolean): void;
}

/** The step between owning runs and executing them: the newest definition decides. */
export class Starter {
  constructor(private readonly ports: StarterPorts) {}

  /** Starts what may start, records the others as skipped. `member` is the id that they are owned under. */
  async start(owned: readonly OwnedRun[], member: string, session?: ClientSession): Promise<void> {
    if (owned.length === 0) return;
    const { newest, lease, clock, runs, freed } = this.ports;
    const names = [...new Set(owned.map(run => run.job))];
    const [current, late] = await Promise.all([newest.of(names, session), this.settled(owned, session)]);
    const starting: { run: OwnedRun; job: Job }[] = [];
    for (const run of owned) {
      if (late.has(run.id) && (await this.withdraw(run, member))) continue;
      const found = current.get(run.job);
      const decision = startDecision(found?.job, run, found?.rule ?? null, this.ports.host);
      if (decision === 'start' && found !== undefined) {
        starting.push({ run, job: found.job });
      } else if (decision !== 'misplaced' || found === undefined || !(await this.sendAway(run, member, found.job))) {
        const reason = decision === 'start' || decision === 'misplaced' ? 'changed' : decision;
        await runs.skip(run.id, run.fence, reason, clock.now());
        freed(run.slot, othersMayWait(run, found?.job));
      }
    }
    if (starting.length === 0 || lease.memberId !== member || !lease.valid) return;
    const { signal } = lease;
    const started = await runs.start(
      starting.map(({ run }) => run),
      member,
      clock.now(),
    );
    // Lost meanwhile, and perhaps regained: what has started is settled with what that lease held, under another fence.
    if (signal.aborted) return;
    for (const { run, job } of starting) if (started.has(run.id)) this.execute(job, run);
  }

  /** Takes claims back whose occurrences the misfire policy has settled without them. Answers their ids. */
  async withdrawSettled(claimed: readonly OwnedRun[], member: string): Promise<Set<string>> {
    const late = await this.settled(claimed);
    const withdrawn = new Set<string>();
    for (const run of claimed) if (late.has(run.id) && (await this.withdraw(run, member))) withdrawn.add(run.id);
    return withdrawn;
  }

  /** The fresh claims that came late: what is at or before settledUntilAt is decided, with them or without. */
  private async settled(owned: readonly OwnedRun[], session?: ClientSession): Promise<Set<string>> {
    const fresh = owned.filter(run => run.by === 'claim' && run.trigger === 'schedule');
    if (fresh.length === 0) return new Set();
    const until = await this.ports.settlements.settledUntil([...new Set(fresh.map(laneOf))], session);
    const isLate = (run: OwnedRun) => run.scheduledAt.getTime() <= (until.get(laneOf(run))?.getTime() ?? Number.NaN);
    return new Set(fresh.filter(isLate).map(run => run.id));
  }

  /**
   * The newest definition wants it elsewhere: a fresh claim is taken back, so that whoever it is for can claim it; another
   * run waits for hosts that may execute it. False where there is nobody that it could be for.
   */
  private async sendAway(run: OwnedRun, member: string, { placement }: Job): Promise<boolean> {
    const isFresh = run.by === 'claim' && run.trigger === 'schedule';
    if (isFresh && (await this.withdraw(run, member, 'run.misplaced'))) return true;
    const isForOne = run.boundTo === undefined && (placement.on === 'one' || run.trigger !== 'schedule');
    return isForOne && (await this.ports.runs.putBack(run, member, placement.hostLabels));
  }

  private async withdraw(run: OwnedRun, member: string, why = 'run.cameTooLate'): Promise<boolean> {
    const { id, fence, job, slot } = run;
    if (!(await this.ports.runs.withdraw(id, fence, member))) return false;
    this.ports.log.info(why, { jobId: job, runId: id });
    this.ports.freed(slot, false);
    return true;
  }

  private execute(job: Job, run: OwnedRun): void {
    const { runner, metrics, clock, log, freed } = this.ports;
    const { id, revision, trigger, scheduledAt, fence, attempt } = run;
    const latenessMs = clock.now().getTime() - scheduledAt.getTime();
    if (trigger === 'schedule') metrics.lateness.observe(latenessMs / 1000);
    log.info('run.started', { jobId: run.job, runId: id, trigger, fence, latenessMs });
    const active = { id, job: run.job, revision, trigger, scheduledAt, fence, attempt, work: new WorkSignal() };
    runner.execute(job, active, () => freed(run.slot, othersMayWait(run, job)));
  }
}

/** Where this is false nothing waits for the lane in the ordinary course, and looking would cost each run a question. */
function othersMayWait({ trigger, by }: OwnedRun, job: Job | undefined): boolean {
  return trigger !== 'schedule' || by === 'promotion' || job?.overlap === 'queue' || job?.overlap === 'replace';
}
