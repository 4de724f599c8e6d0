import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { errorFields, type Log } from '../domain/log';
import type { MemberDoc } from '../model/member';
import { SchemaVersionError } from '../model/schemaVersion';
import type { Members } from '../repository/members';
import { type Clocks, DatabaseClock, systemClocks } from './databaseClock';
import type { Metrics } from './metrics';
import { type ProcessIdentity, processIdentity } from './processIdentity';
import type { Lease } from './types';

export interface MemberOptions {
  hostId: string;
  /** What jobs may ask of a host; they stand with each of its members. */
  hostLabels: MemberDoc['hostLabels'];
  role: MemberDoc['role'];
  pid: number;
  masterPid: number;
  leaseMs: number;
  renewMs: number;
  renewalLimitMs: number;
  skewMaxMs: number;
}

export interface MemberEvents {
  /** The own deadline has passed: nothing may be claimed, sent or written any more. */
  lost?: () => void;
  /** The lease stands again, under the same id or, after `memberId` was called dead, under a new one. */
  regained?: (previousId: string) => void;
  /** After every successful renewal. */
  renewed?: () => void;
  /** This process may not be a member: others write what it cannot read. It renews no more. */
  refused?: (error: SchemaVersionError) => void;
}

/** Past this difference of wall and monotonic time MongoDB's time is measured again before anything is announced. */
const driftMaxMs = 500;
const watchMs = 250;
const reportEveryMs = 50;
/** After a renewal that failed, or before the first: MongoDB's return is noticed sooner than by renewMs. */
const retryMs = 1000;

/** One process of the cluster: its registration, its lease and its view of MongoDB's time. */
export class Member implements Lease {
  readonly clock: DatabaseClock;
  memberId: string;
  readonly hostId: string;
  /** Since when every renewal succeeded without a gap, in monotonic ms; null while the lease is lost. */
  unbrokenSince: number | null = null;
  private controller = new AbortController();
  private deadline: { wall: number; monotonic: number } | null = null;
  private appliedRevision = 0;
  private reporting: Promise<void> | null = null;
  private reportedRevision = 0;
  private reportedAt = Number.NEGATIVE_INFINITY;
  private registered = false;
  /** What others write was looked at since the registration. */
  private admitted = false;
  private renewing: Promise<void> | null = null;
  private renewTimer: NodeJS.Timeout | undefined;
  private watchTimer: NodeJS.Timeout | undefined;
  /** The id before the last registration: whose runs are this process's own leftovers. */
  private previousId: string | null = null;
  private stopped = false;
  private ending = false;
  /** Somebody wants this host drained. */
  hostDrains = false;
  private readonly listeners: MemberEvents[] = [];
  private readonly process: ProcessIdentity;

  constructor(
    private readonly members: Members,
    private readonly options: MemberOptions,
    private readonly log: Log,
    private readonly metrics: Metrics,
    private readonly clocks: Clocks = systemClocks,
  ) {
    this.clock = new DatabaseClock(clocks);
    this.hostId = options.hostId;
    this.process = processIdentity(options.pid);
    this.memberId = this.newId();
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** Registered, within its deadline by both clocks, and its clock close enough to MongoDB's. */
  get valid(): boolean {
    return this.registered && this.remainingMs() > 0 && !this.controller.signal.aborted && !this.suspended;
  }

  get suspended(): boolean {
    return Math.abs(this.clock.skewMs()) > this.options.skewMaxMs;
  }

  get draining(): boolean {
    return this.ending || this.hostDrains;
  }

  remainingMs(): number {
    if (this.deadline === null) return 0;
    return Math.min(this.deadline.monotonic - this.clocks.monotonic(), this.deadline.wall - this.clocks.wall());
  }

  on(events: MemberEvents): void {
    this.listeners.push(events);
  }

  /** Renews now and then every renewMs until stopped; keeps trying while MongoDB is away. */
  start(): void {
    this.loop();
    this.watchTimer = setInterval(() => this.watch(), watchMs);
  }

  /** One renewal (or registration); several callers share one. Failures are logged and counted by the deadline. */
  async renew(): Promise<void> {
    this.renewing ??= this.renewOnce().finally(() => {
      this.renewing = null;
    });
    await this.renewing;
  }

  /** Whether MongoDB's time can be trusted now; measures it again after a step of a clock. */
  async timeIsGood(): Promise<boolean> {
    if (this.clock.driftMs() > driftMaxMs) await this.renew();
    return this.valid && this.clock.driftMs() <= driftMaxMs;
  }

  /** Says which revision is in force here: stored at once, at most 20 times a second, and again with each renewal. */
  async reportApplied(revision: number): Promise<void> {
    if (revision <= this.appliedRevision) return;
    this.appliedRevision = revision;
    this.metrics.appliedRevision.set(revision);
    this.reporting ??= this.report().finally(() => {
      this.reporting = null;
    });
    await this.reporting;
  }

  /** Until what stands in MongoDB is what is applied here: a revision that comes meanwhile goes with the next write. */
  private async report(): Promise<void> {
    while (this.reportedRevision < this.appliedRevision) {
      const waitMs = this.reportedAt + reportEveryMs - this.clocks.monotonic();
      if (waitMs > 0) await sleep(waitMs);
      const revision = this.appliedRevision;
      this.reportedAt = this.clocks.monotonic();
      if (this.registered) await this.members.reportApplied(this.memberId, revision);
      this.reportedRevision = revision;
    }
  }

  /** This process has begun to end: it takes nothing new, and every host hears of that with its next sweep. */
  async drain(limitMs: number): Promise<void> {
    this.ending = true;
    if (this.registered) await this.members.drain(this.memberId, limitMs);
  }

  /** Ends the lease in good order, within limitMs. Runs must have ended or been handed over before. */
  async stop(limitMs: number): Promise<void> {
    this.stopped = true;
    clearTimeout(this.renewTimer);
    clearInterval(this.watchTimer);
    if (this.registered) await this.members.leave(this.memberId, limitMs);
    this.registered = false;
  }

  private newId(): string {
    return `${this.options.hostId}:${this.options.pid}:${randomBytes(4).toString('hex')}`;
  }

  private loop(): void {
    if (this.stopped) return;
    void this.renew().finally(() => {
      if (this.stopped) return;
      const { renewMs } = this.options;
      const delay = this.unbrokenSince === null ? Math.min(renewMs, retryMs) : renewMs;
      this.renewTimer = setTimeout(() => this.loop(), delay);
    });
  }

  private async renewOnce(): Promise<void> {
    // A process that was stopped may come here before its watch: what lapsed meanwhile must be known first.
    this.watch();
    const sent = { wall: this.clocks.wall(), monotonic: this.clocks.monotonic() };
    try {
      const now = this.registered ? await this.renewStored() : null;
      const answered = now ?? (await this.register());
      this.clock.measure(answered, sent.monotonic);
      await this.admit();
      this.succeed(sent);
    } catch (error) {
      this.unbrokenSince = null;
      if (error instanceof SchemaVersionError) this.refuse(error);
      this.log.warn('member.renewalFailed', {
        member: this.memberId,
        remainingMs: this.remainingMs(),
        ...errorFields(error),
      });
      this.watch();
    }
  }

  private renewStored(): Promise<Date | null> {
    const { suspended, appliedRevision } = this;
    const clockSkewMs = this.clock.skewMs();
    return this.members.renew(this.memberId, { suspended, clockSkewMs, appliedRevision }, this.options.renewalLimitMs);
  }

  private async admit(): Promise<void> {
    if (this.admitted) return;
    await this.members.admit();
    this.admitted = true;
  }

  private refuse(error: SchemaVersionError): void {
    this.stopped = true;
    for (const listener of this.listeners) listener.refused?.(error);
  }

  /** The first registration, or a new one under a new bootId after others have called this member dead. */
  private async register(): Promise<Date> {
    const { hostId, hostLabels, role, pid, masterPid, leaseMs, renewalLimitMs } = this.options;
    if (this.registered) this.lose('called dead by others');
    const id = this.newId();
    const { process, appliedRevision } = this;
    const now = await this.members.register(
      { id, hostId, hostLabels, role, pid, masterPid, process, leaseMs, appliedRevision },
      renewalLimitMs,
    );
    this.previousId = this.registered ? this.memberId : null;
    this.memberId = id;
    this.registered = true;
    this.admitted = false;
    this.log.info('member.registered', { member: id, role });
    return now;
  }

  private succeed(sent: { wall: number; monotonic: number }): void {
    const { leaseMs } = this.options;
    this.watch();
    this.deadline = { wall: sent.wall + leaseMs, monotonic: sent.monotonic + leaseMs };
    if (this.remainingMs() <= 0) return;
    this.unbrokenSince ??= sent.monotonic;
    if (this.controller.signal.aborted) {
      this.controller = new AbortController();
      const previousId = this.previousId ?? this.memberId;
      this.log.info('member.leaseRegained', { member: this.memberId });
      for (const listener of this.listeners) listener.regained?.(previousId);
    }
    this.previousId = null;
    for (const listener of this.listeners) listener.renewed?.();
  }

  private watch(): void {
    this.metrics.clockSkew.set(this.clock.skewMs() / 1000);
    this.metrics.suspended.set(this.suspended ? 1 : 0);
    if (this.deadline !== null && this.remainingMs() <= 0) this.lose('not renewed in time');
  }

  private lose(why: string): void {
    this.unbrokenSince = null;
    if (this.controller.signal.aborted) return;
    this.log.warn('member.leaseLost', { member: this.memberId, why });
    this.controller.abort(new Error(`The lease of ${this.memberId} is lost: ${why}.`));
    for (const listener of this.listeners) listener.lost?.();
  }
}
