import type { Member } from '../cluster/member';
import { isGone } from '../cluster/processIdentity';
import { takesWork } from '../domain/cluster/hostState';
import { errorFields, type Log } from '../domain/log';
import type { Labels } from '../domain/message/types';
import type { Drains } from '../repository/drains';
import { hostsOf } from '../repository/hosts';
import type { Members, MemberView } from '../repository/members';

export interface SweeperOptions {
  leaseMs: number;
  sweepMs: number;
}

interface Observation {
  counter: number;
  since: number;
}

/**
 * Sees which members renew and marks dead those that do not. Dead is what was seen unchanged for leaseMs on this
 * process's own monotonic clock while its own renewals succeeded throughout; no stored clock decides.
 */
export class Sweeper {
  /** Hosts with a live agent and a live worker, not suspended, not draining: the ones that occurrences are spread over. */
  hosts: string[] = [];
  private labels: ReadonlyMap<string, Labels> = new Map();
  private draining: ReadonlySet<string> = new Set();
  /** When a sweep last came to its end, in monotonic ms. */
  sweptAt: number;
  private readonly observed = new Map<string, Observation>();
  private timer: NodeJS.Timeout | undefined;
  private work: Promise<void> = Promise.resolve();
  private stopped = false;

  constructor(
    private readonly members: Members,
    private readonly drains: Pick<Drains, 'all'>,
    private readonly self: Member,
    private readonly options: SweeperOptions,
    private readonly log: Log,
    private readonly monotonic: () => number = () => performance.now(),
  ) {
    this.sweptAt = monotonic();
  }

  start(): void {
    this.work = this.sweep()
      .catch((error: unknown) => this.log.warn('sweeper.failed', errorFields(error)))
      .then(() => {
        if (!this.stopped) this.timer = setTimeout(() => this.start(), this.options.sweepMs);
      });
  }

  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.work;
  }

  /** How many hosts have a live member, draining ones and suspended ones too. */
  get liveHosts(): number {
    return this.labels.size;
  }

  /** The labels of a live host; none of one that is not known. */
  labelsOf(hostId: string): Labels {
    return this.labels.get(hostId) ?? {};
  }

  /** Whether somebody wants this process's host drained, as last seen. */
  get hostDrains(): boolean {
    return this.draining.has(this.self.hostId);
  }

  /** Throws where MongoDB does not answer. */
  async sweep(): Promise<void> {
    const [live, drains] = await Promise.all([this.members.live(), this.drains.all()]);
    const gone: string[] = [];
    for (const member of live) {
      if (this.isDead(member) && (await this.members.markDead(member._id, member.counter))) {
        this.log.warn('member.dead', { member: member._id, hostId: member.hostId });
        gone.push(member._id);
      }
    }
    this.forget(live);
    this.draining = new Set(drains.map(({ hostId }) => hostId));
    const left = live.filter(member => !gone.includes(member._id));
    this.labels = new Map(hostsOf(left).map(({ id, labels }) => [id, labels]));
    this.hosts = wholeHosts(left.filter(member => takesWork(member, this.draining.has(member.hostId))));
    this.sweptAt = this.monotonic();
  }

  private isDead(member: MemberView): boolean {
    if (member._id === this.self.memberId) return false;
    if (isGone(member.pid, member.process)) return true;
    const now = this.monotonic();
    const seen = this.observed.get(member._id);
    if (seen === undefined || seen.counter !== member.counter) {
      this.observed.set(member._id, { counter: member.counter, since: now });
      return false;
    }
    const { unbrokenSince } = this.self;
    if (unbrokenSince === null || !this.self.valid) return false;
    return now - Math.max(seen.since, unbrokenSince) >= Math.max(this.options.leaseMs, member.leaseMs);
  }

  private forget(live: MemberView[]): void {
    const ids = new Set(live.map(member => member._id));
    for (const id of this.observed.keys()) if (!ids.has(id)) this.observed.delete(id);
  }
}

/** Those of which an agent and a worker are among these members. */
function wholeHosts(members: readonly MemberView[]): string[] {
  const withRole = (role: MemberView['role']) =>
    new Set(members.filter(member => member.role === role).map(member => member.hostId));
  const workers = withRole('worker');
  return [...withRole('agent')].filter(host => workers.has(host)).sort();
}
