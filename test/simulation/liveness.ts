import { hostRank, occurrenceId } from '../../app/domain/run/occurrence';
import { dueBetween } from './due';
import { list, number, text, time } from './fields';
import type { History, Plan } from './history';
import type { Doc } from './model/types';
import type { Blame, Property } from './safety';
import type { Scenario } from './scenario';

export interface LivenessParts {
  scenario: Scenario;
  /** Every document of a collection. */
  documents(name: string): Doc[];
  history: History;
  isAlive(memberId: string): boolean;
  /** Until when each agent (`host:pid`) was there, in virtual ms. */
  agents: ReadonlyMap<string, number>;
  /** When the work of this start (`run#fence`) was last under way, in virtual ms. */
  workedAt(key: string): number;
  /** MongoDB's time in ms. */
  databaseNow: number;
  /** Virtual ms. */
  now: number;
  blame: Blame;
}

/** What has come so shortly before the end may be on its way. */
const freshMs = 2500;
/** Occurrences of so long before the end tell whether every host has the newest definitions. */
const proofMs = 4500;
const unfinished: readonly string[] = ['queued', 'running'];

/** What must be in order some time after the last fault. */
export class Liveness {
  private readonly runs: Doc[];
  private readonly recorded: Set<string>;

  constructor(private readonly parts: LivenessParts) {
    this.runs = parts.documents('runs');
    this.recorded = new Set(this.runs.map(run => text(run, '_id')));
  }

  check(): void {
    this.members();
    for (const plan of this.parts.history.plans) this.plan(plan);
    for (const run of this.runs) this.run(run);
    for (const alert of this.parts.documents('alerts')) this.alert(alert);
    const active = this.activeMutes();
    for (const delivery of this.parts.documents('deliveries')) this.delivery(delivery, active);
    this.inForce();
  }

  /** Who is stored as live is there, and has the newest revision. */
  private members(): void {
    const [counter] = this.parts.documents('counters').filter(one => text(one, '_id') === 'revision');
    const newest = number(counter ?? null, 'value');
    for (const member of this.parts.documents('members')) {
      const id = text(member, '_id');
      if (text(member, 'state') !== 'live') continue;
      if (!this.parts.isAlive(id)) this.blame('runningHasAnOwner', `${id} is gone and still called live`);
      else if (number(member, 'appliedRevision') !== newest) {
        this.blame('newestInForce', `${id} has applied ${number(member, 'appliedRevision')} of ${newest}`);
      }
    }
  }

  private plan(plan: Plan): void {
    // What was due shortly before its job was deleted is nobody's any more.
    if (plan.end === 'deleted') return;
    // By the new plan alone nobody can tell what the old one left out: some agent must have known both.
    const isReplaced = this.parts.history.plans.some(one => one.job === plan.job && one.from > plan.from);
    if (isReplaced && !this.isKnownThrough(plan)) return;
    const until = Math.min(plan.until, this.parts.databaseNow - freshMs - plan.jitterMs);
    const spans = this.runs.filter(run => text(run, 'job') === plan.job && run['to'] instanceof Date);
    for (const at of dueBetween(plan.schedule, plan.from, until)) {
      if (this.recorded.has(occurrenceId(plan.job, new Date(at)))) continue;
      if (spans.some(span => time(span, 'from') <= at && at <= time(span, 'to'))) continue;
      const when = new Date(at).toISOString();
      this.blame('dueIsRecorded', `${plan.job} was due at ${when} (plan until ${plan.end}) and has no record`);
      return;
    }
  }

  private isKnownThrough({ knownBy, endedAt }: Plan): boolean {
    return knownBy.some(agent => (this.parts.agents.get(agent) ?? 0) > endedAt + 3000);
  }

  private run(run: Doc): void {
    const state = text(run, 'state');
    if (!unfinished.includes(state)) return;
    const age = this.parts.databaseNow - time(run, 'claimedAt');
    const id = text(run, '_id');
    const lanes = list(run, 'lanes');
    if (state === 'queued' && lanes.length > 0) {
      this.waits(run, lanes);
      return;
    }
    if (age < freshMs) return;
    const key = `${id}#${number(run, 'fence')}`;
    const member = text(run, 'member');
    if (!this.parts.isAlive(member))
      this.blame('runningHasAnOwner', `${key} is ${state}, its owner "${member}" is gone`);
    else if (this.parts.now - this.parts.workedAt(key) > freshMs && number(run, 'attempt') === 1) {
      this.blame('runningHasAnOwner', `${key} is ${state} for ${age} ms, and ${member} does not work on it`);
    }
  }

  /** A run waits only while another one holds what it waits for, and the moment until it is given on. */
  private waits(run: Doc, lanes: readonly unknown[]): void {
    const holder = this.runs.find(one => lanes.includes(one['slot']));
    const age = this.parts.databaseNow - time(run, 'claimedAt');
    const hasJustHeldIt = (one: Doc) =>
      one['job'] === run['job'] &&
      one['startedAt'] instanceof Date &&
      this.parts.databaseNow - time(one, 'finishedAt') < freshMs;
    if (holder === undefined && age > freshMs && !this.runs.some(hasJustHeldIt)) {
      this.blame(
        'runningHasAnOwner',
        `${text(run, '_id')} waits for ${lanes.join(', ')} for ${age} ms, and it is free`,
      );
    }
  }

  private alert(alert: Doc): void {
    if (list(alert, 'outbox').length === 0 && alert['hasOutbox'] !== true) return;
    const decidedAt = this.parts.history.decidedAt.get(text(alert, '_id')) ?? 0;
    if (this.parts.now - decidedAt < freshMs) return;
    this.blame('outboxEmpty', `the outbox of ${text(alert, '_id')} is not empty`);
  }

  private activeMutes(): Set<string> {
    const { databaseNow } = this.parts;
    const active = this.parts
      .documents('mutes')
      .filter(
        mute => mute['ended'] === false && (mute['endsAt'] === null || time(mute, 'endsAt') > databaseNow - 2000),
      );
    return new Set(active.map(mute => text(mute, '_id')));
  }

  private delivery(delivery: Doc, active: ReadonlySet<string>): void {
    const id = text(delivery, '_id');
    const state = text(delivery, 'state');
    const late = this.parts.databaseNow - time(delivery, 'nextAttemptAt');
    const awaits = state === 'pending' || (state === 'uncertain' && 'slot' in delivery);
    const isYoung = this.parts.databaseNow - time(delivery, 'createdAt') < freshMs;
    if (awaits && late > freshMs && !isYoung) this.blame('deliveriesSettled', `${id} is ${state}, due for ${late} ms`);
    const sending = state === 'sending' && this.parts.databaseNow - time(delivery, 'claimedAt') > freshMs;
    if (sending && !this.parts.isAlive(text(delivery, 'member'))) {
      this.blame('deliveriesSettled', `${id} is being sent by ${text(delivery, 'member')}, which is gone`);
    }
    if (delivery['held'] === true && !isYoung && !list(delivery, 'mutedBy').some(mute => active.has(String(mute)))) {
      this.blame('deliveriesSettled', `${id} is held by mutes that are over`);
    }
  }

  /** The host that an occurrence is for announces it by the newest definition: it has that in force. */
  private inForce(): void {
    const { history, scenario, databaseNow, now } = this.parts;
    const hosts = scenario.hosts.map(host => host.hostId);
    for (const plan of history.plans) {
      const newest = history.newest.get(plan.job);
      if (plan.end !== 'none' || newest === undefined || now - newest.since < proofMs + 1000) continue;
      const from = Math.max(plan.from, databaseNow - proofMs);
      for (const at of dueBetween(plan.schedule, from, databaseNow - freshMs - plan.jitterMs)) {
        const host = hosts.find(one => hostRank(occurrenceId(plan.job, new Date(at)), hosts, one) === 0);
        const announced = history.announcements.get(`${plan.job}@${at}`) ?? [];
        const own = announced.filter(one => one.host === host);
        if (own.some(one => one.revision === newest.revision)) continue;
        const what = own.length === 0 ? 'does not announce' : `announces by revision ${own[0]?.revision}`;
        const when = new Date(at).toISOString();
        this.blame('newestInForce', `${host} ${what} ${plan.job} at ${when}; ${newest.revision} is in force`);
        return;
      }
    }
  }

  private blame(property: Property, detail: string): void {
    this.parts.blame(property, detail);
  }
}
