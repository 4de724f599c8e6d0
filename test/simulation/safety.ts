import { type Change, inner, number, text, time } from './fields';
import type { Doc } from './model/types';
import type { SimulatedSend } from './plugs/types';
import { Promises } from './promises';

/** What must never be, by name. */
export type Property =
  | 'oneOwner'
  | 'oneRunOfAnOccurrence'
  | 'oneStartOfAFence'
  | 'closeStartsOnce'
  | 'endedStaysEnded'
  | 'alertOfTheNewest'
  | 'alertOfALiveRun'
  | 'takenFromTheDead'
  | 'deadByItsLease'
  | 'revisionsInOrder'
  | 'closedIsNotSent'
  | 'sentOnce'
  | 'sentInOrder'
  | 'stoppedDoesNotRun'
  | 'noFault'
  | 'dueIsRecorded'
  | 'runningHasAnOwner'
  | 'newestInForce'
  | 'outboxEmpty'
  | 'deliveriesSettled';

export type Blame = (property: Property, detail: string) => void;

export interface SafetyParts {
  /** Virtual ms. */
  now(): number;
  /** MongoDB's time in ms. */
  databaseNow(): number;
  /** Whether the process of a member is there and can act by its lease. */
  isAlive(memberId: string): boolean;
  blame: Blame;
}

/** Who has a run, since when. */
interface Ownership {
  job: string;
  onLost: string;
  trigger: string;
  /** Raised by the retries of the job itself. */
  attempt: number;
  fence: number;
  member: string;
  /** Virtual ms of the write by which this fence came to be. */
  since: number;
}

const definitions: readonly string[] = ['jobs', 'sources', 'channels', 'calendars'];
const unfinished: readonly string[] = ['queued', 'running'];
/** A renewal counts from when it was sent, and its way to the server is part of the lease. */
const slackMs = 5;

/** Looks at every write as it becomes visible, at every start of work and at every message that leaves. */
export class Safety {
  readonly promises = new Promises();
  private readonly owners = new Map<string, Ownership>();
  private readonly occurrences = new Map<string, string>();
  private readonly starts = new Map<string, string>();
  private readonly workOf = new Map<string, string[]>();
  private readonly members = new Map<string, { state: string; renewedAt: number; leaseMs: number }>();
  private readonly runs = new Map<string, Doc>();
  private readonly claims = new Map<string, { member: string; at: number }>();
  private readonly sends = new Map<string, number>();
  private readonly newestSeq = new Map<string, number>();
  private newestRevision = 0;

  constructor(private readonly parts: SafetyParts) {}

  /** What one write, or one transaction, has changed. */
  observe(changes: readonly Change[]): void {
    for (const change of changes) if (change.collection === 'alerts') this.alert(change, changes);
    for (const change of changes) {
      if (change.collection === 'runs') this.run(change);
      else if (change.collection === 'members') this.member(change);
      else if (change.collection === 'deliveries') this.delivery(change);
    }
    this.revisions(changes);
  }

  /** The work of a run begins in a process of this member. */
  started(member: string, runId: string, fence: number): void {
    const key = `${runId}#${fence}`;
    const first = this.starts.get(key);
    if (first !== undefined) this.blame('oneStartOfAFence', `${key} was started by ${first} and by ${member}`);
    this.starts.set(key, member);
    const owner = this.owners.get(runId);
    if (owner === undefined) {
      this.blame('oneOwner', `${key} is started by ${member} and has no record`);
      return;
    }
    if (owner.fence === fence && owner.member !== member) {
      this.blame('oneOwner', `${key} is started by ${member}, and belongs to ${owner.member}`);
    }
    const attempt = `${runId}/${owner.attempt}`;
    const before = this.workOf.get(attempt) ?? [];
    this.workOf.set(attempt, [...before, member]);
    if (owner.onLost === 'close' && before.length > 0) {
      this.blame('closeStartsOnce', `the work of ${runId} began in ${before.join(', ')} and again in ${member}`);
    }
    const stopped = owner.fence === fence ? this.promises.stoppedSince(owner.job) : null;
    // What a person asks for minds deletion only.
    const binds = stopped !== null && (owner.trigger === 'schedule' || stopped.what === 'delete');
    if (binds && owner.since > stopped.at) {
      this.blame('stoppedDoesNotRun', `${key} was claimed after "${stopped.what}" was answered, and runs`);
    }
  }

  /** A message leaves a process. */
  handedOver(message: SimulatedSend, arrives: boolean): void {
    const { deliveryId, alertId, seq, robot, possibleDuplicate, idempotent, fence, job } = message;
    const claim = this.claims.get(`${deliveryId}#${fence}`);
    if (claim === undefined) this.blame('oneOwner', `${deliveryId}#${fence} is sent and was never claimed`);
    const closed = this.promises.closedSince(job, this.parts.databaseNow());
    if (claim !== undefined && closed !== null && claim.at > closed) {
      this.blame('closedIsNotSent', `${deliveryId}#${fence} was claimed after the close of ${job} was answered`);
    }
    if (!arrives) return;
    const key = `${alertId}:${seq}:${robot}`;
    const sent = this.sends.get(key) ?? 0;
    this.sends.set(key, sent + 1);
    if (sent > 0 && !possibleDuplicate && !idempotent) this.blame('sentOnce', `${key} is sent again without a mark`);
    const line = `${alertId}/${robot}`;
    const newest = this.newestSeq.get(line) ?? 0;
    if (seq < newest) this.blame('sentInOrder', `${key} is sent after ${newest}`);
    this.newestSeq.set(line, Math.max(newest, seq));
  }

  private run({ before, after }: Change): void {
    const id = text(after ?? before, '_id');
    if (after === null) {
      this.runs.delete(id);
      this.occurrences.delete(occurrenceOf(before));
      return;
    }
    this.runs.set(id, after);
    this.occurrence(id, after);
    if (before !== null) this.change(id, before, after);
    const fence = number(after, 'fence');
    const known = this.owners.get(id);
    if (before !== null && known?.fence === fence && known.member === text(after, 'member')) return;
    const { now } = this.parts;
    const [job, onLost, member] = [text(after, 'job'), text(after, 'onLost'), text(after, 'member')];
    const [attempt, trigger] = [number(after, 'attempt'), text(after, 'trigger')];
    this.owners.set(id, { job, onLost, trigger, attempt, fence, member, since: now() });
  }

  private occurrence(id: string, after: Doc): void {
    const key = occurrenceOf(after);
    if (key === '') return;
    const other = this.occurrences.get(key);
    if (other !== undefined && other !== id) this.blame('oneRunOfAnOccurrence', `${key} is ${other} and ${id}`);
    this.occurrences.set(key, id);
  }

  private change(id: string, before: Doc, after: Doc): void {
    const [was, is] = [number(before, 'fence'), number(after, 'fence')];
    const [from, to] = [text(before, 'member'), text(after, 'member')];
    if (is < was) this.blame('oneOwner', `the fence of ${id} fell from ${was} to ${is}`);
    if (is === was && from !== to) this.blame('oneOwner', `${id}#${is} went from "${from}" to "${to}"`);
    const ended = !unfinished.includes(text(before, 'state'));
    if (ended && unfinished.includes(text(after, 'state')) && text(after, 'trigger') !== 'backfill') {
      this.blame('endedStaysEnded', `${id} was ${text(before, 'state')} and is ${text(after, 'state')}`);
    }
    const taken =
      is > was && from !== to && from.includes(':') && to.includes(':') && text(before, 'state') === 'running';
    if (taken && this.members.get(from)?.state === 'live') {
      this.blame('takenFromTheDead', `${to} takes ${id} from ${from}, who is live`);
    }
  }

  private alert({ before, after }: Change, all: readonly Change[]): void {
    const token = inner(after, 'token');
    if (after === null || token === null) return;
    const [at, fence] = [time(token, 'scheduledAt'), number(token, 'fence')];
    const old = inner(before, 'token');
    const [oldAt, oldFence] = [time(old, 'scheduledAt'), number(old, 'fence')];
    if (at === oldAt && fence === oldFence) return;
    const id = text(after, '_id');
    if (at < oldAt || (at === oldAt && fence < oldFence)) {
      this.blame('alertOfTheNewest', `${id}: (${iso(at)}, ${fence}) after (${iso(oldAt)}, ${oldFence})`);
    }
    const within = all.find(one => one.collection === 'runs' && isOf(one.after, text(after, 'job'), at));
    const run = within?.before ?? this.runs.get(`${text(after, 'job')}@${iso(at)}`) ?? null;
    // A run that a person asked for has another key; it is told by the transaction that it is written in.
    if (run === null) return;
    if (text(run, 'state') !== 'running' || number(run, 'fence') !== fence) {
      const stands = `${text(run, 'state')} under fence ${number(run, 'fence')}`;
      this.blame('alertOfALiveRun', `${id} is written by fence ${fence} of ${text(run, '_id')}, which is ${stands}`);
    }
  }

  private member({ before, after }: Change): void {
    const id = text(after ?? before, '_id');
    if (after === null) return;
    const now = this.parts.now();
    const known = this.members.get(id);
    const renewed = number(before, 'counter') !== number(after, 'counter');
    const renewedAt = renewed ? now : (known?.renewedAt ?? now);
    const state = text(after, 'state');
    const leaseMs = number(after, 'leaseMs');
    const died = text(before, 'state') === 'live' && state === 'dead' && !('leftAt' in after);
    if (died && this.parts.isAlive(id) && now - renewedAt < leaseMs - slackMs) {
      this.blame('deadByItsLease', `${id} is called dead ${Math.round(now - renewedAt)} ms after its renewal`);
    }
    this.members.set(id, { state, renewedAt, leaseMs });
  }

  private delivery({ before, after }: Change): void {
    if (after === null || text(after, 'state') !== 'sending') return;
    const key = `${text(after, '_id')}#${number(after, 'fence')}`;
    const member = text(after, 'member');
    const known = this.claims.get(key);
    if (known !== undefined && known.member !== member) {
      this.blame('oneOwner', `delivery ${key} belongs to ${known.member} and to ${member}`);
    }
    if (known === undefined) this.claims.set(key, { member, at: this.parts.now() });
    const [was, is] = [number(before, 'fence'), number(after, 'fence')];
    if (is < was) this.blame('oneOwner', `the fence of delivery ${key} fell from ${was}`);
  }

  /** Who has seen a revision has seen every lower one. */
  private revisions(changes: readonly Change[]): void {
    const drawn = changes.filter(({ collection }) => definitions.includes(collection));
    const revisions = drawn.map(({ after }) => number(after, 'revision')).filter(Number.isFinite);
    for (const { before, after } of drawn) {
      const revision = number(after, 'revision');
      if (revision === number(before, 'revision') || !(revision <= this.newestRevision)) continue;
      this.blame('revisionsInOrder', `${revision} becomes visible after ${this.newestRevision}`);
    }
    this.newestRevision = Math.max(this.newestRevision, ...revisions);
  }

  private blame(property: Property, detail: string): void {
    this.parts.blame(property, detail);
  }
}

/** Of scheduled runs: the occurrence; empty for what has another key. */
function occurrenceOf(run: Doc | null): string {
  if (run === null || text(run, 'trigger') !== 'schedule' || 'to' in run) return '';
  return `${text(run, 'job')}@${iso(time(run, 'scheduledAt'))}`;
}

function isOf(run: Doc | null, job: string, at: number): boolean {
  return text(run, 'job') === job && time(run, 'scheduledAt') === at;
}

function iso(ms: number): string {
  return Number.isFinite(ms) ? new Date(ms).toISOString() : 'none';
}
