import { type Change, inner, number, text, time } from './fields';
import type { Doc } from './model/types';

/** One plan of a job: from when on it is due by one schedule, and until when. MongoDB's time in ms. */
export interface Plan {
  job: string;
  schedule: Doc;
  from: number;
  /** Infinite while it is in force. */
  until: number;
  end: 'none' | 'paused' | 'changed' | 'deleted';
  /** When the end became visible, in virtual ms. */
  endedAt: number;
  jitterMs: number;
  misfire: string;
  /** The job's revision by which it began. */
  revision: number;
  /** The agents that had it in force when it ended, as they had told by then: `host:pid`. */
  knownBy: string[];
}

interface Announcement {
  host: string;
  revision: number;
  /** Virtual ms. */
  at: number;
}

/** What ended so long ago has its records. */
const settledMs = 5000;

/** What jobs were to be run by, as it became visible, and what agents have announced. */
export class History {
  readonly plans: Plan[] = [];
  /** The newest revision of each job that is there. */
  readonly newest = new Map<string, { revision: number; since: number }>();
  /** When the message that each alert decided last became visible, in virtual ms. */
  readonly decidedAt = new Map<string, number>();
  /** By agent, as `host:pid`. */
  private readonly applied = new Map<string, number>();
  readonly announcements = new Map<string, Announcement[]>();

  observe(changes: readonly Change[], databaseNow: number, now: number): void {
    for (const { collection, before, after } of changes) {
      if (collection === 'alerts' && number(before, 'seq') !== number(after, 'seq')) {
        this.decidedAt.set(text(after, '_id'), now);
      }
      if (collection === 'members' && text(after, 'role') === 'agent') {
        this.applied.set(agentOf(after), number(after, 'appliedRevision'));
      }
      if (collection === 'jobs' && after !== null) this.job(after, databaseNow, now);
    }
  }

  announced(host: string, batch: unknown, at: number): void {
    if (!Array.isArray(batch)) return;
    for (const hint of batch) {
      const key = `${hint.job}@${hint.at}`;
      this.announcements.set(key, [...(this.announcements.get(key) ?? []), { host, revision: hint.revision, at }]);
    }
  }

  private job(after: Doc, databaseNow: number, now: number): void {
    const job = text(after, '_id');
    const spec = inner(after, 'spec');
    const schedule = inner(spec, 'schedule');
    const from = time(after, 'plannedFromAt');
    const open = this.plans.find(plan => plan.job === job && plan.until === Number.POSITIVE_INFINITY);
    const idleSince = time(after, 'idleSinceAt');
    const isIdle = Number.isFinite(idleSince);
    if (open !== undefined && (schedule === null || isIdle || open.from !== from)) {
      open.endedAt = now;
      open.knownBy = [...this.applied].filter(([, revision]) => revision >= open.revision).map(([agent]) => agent);
      open.end = schedule === null ? 'deleted' : isIdle ? 'paused' : 'changed';
      open.until = schedule === null ? databaseNow : isIdle ? idleSince : from;
    }
    if (schedule === null) this.delete(job, databaseNow);
    else this.newest.set(job, { revision: number(after, 'revision'), since: now });
    const goesOn = open !== undefined && open.until === Number.POSITIVE_INFINITY;
    if (schedule === null || isIdle || goesOn) return;
    const jitter = number(spec, 'jitterMs');
    const jitterMs = Number.isFinite(jitter) ? jitter : 0;
    const misfire = text(spec, 'misfire');
    this.plans.push({
      job,
      schedule,
      from,
      until: Number.POSITIVE_INFINITY,
      end: 'none',
      endedAt: Number.POSITIVE_INFINITY,
      jitterMs,
      misfire,
      revision: number(after, 'revision'),
      knownBy: [],
    });
  }

  /** Of a deleted job nothing is recorded any more, also not how plans ended that nobody has looked at since. */
  private delete(job: string, databaseNow: number): void {
    this.newest.delete(job);
    for (const plan of this.plans) if (plan.job === job && plan.until > databaseNow - settledMs) plan.end = 'deleted';
  }
}

/** `host:pid`, whatever it has registered as. */
function agentOf(member: Doc | null): string {
  return `${text(member, 'hostId')}:${number(member, 'pid')}`;
}
