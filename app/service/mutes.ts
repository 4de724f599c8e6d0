import { type FieldError, NotFoundError, ValidationError } from '../domain/errors';
import type { Labels } from '../domain/message/types';
import { type Matcher, MatcherJudge, validateMatchers } from '../domain/mute/match';
import { formatSpan } from '../domain/span';
import type { MuteDoc } from '../model/mute';
import type { Deliveries } from '../repository/deliveries';
import type { MuteEnd, Mutes } from '../repository/mutes';
import type { Subject, Subjects } from '../repository/subjects';
import { didYouMean } from './near';

export interface MuteInput {
  matchers: Matcher[];
  /** Absent: it begins now. */
  startsAt?: Date;
  /** Exactly one of endsAt and forMs; endsAt null is for ever. */
  endsAt?: Date | null;
  forMs?: number;
  note: string;
}

export interface MuteParts {
  mutes: Mutes;
  subjects: Subjects;
  deliveries: Deliveries;
  /** Called after a mute has ended, so that what it held is looked at at once. */
  wake: () => void;
}

const maxNames = 50;
const maxNoteLength = 1000;
const longestMs = 3650 * 86_400_000;
const previewLimit = 500;
const namesCompared = 20_000;

/** Mutes as people handle them. Every answer is true for all workers of all hosts: nothing here is cached. */
export class MuteService {
  private readonly judge = new MatcherJudge();

  constructor(private readonly parts: MuteParts) {}

  /** Throws ValidationError with every fault at once. */
  async create(input: MuteInput, by: string): Promise<MuteDoc> {
    const { matchers, startsAt = null, endsAt, forMs, note } = input;
    const faults = [...validateMatchers(matchers), ...timeFaults(input)];
    if (note.length > maxNoteLength) {
      faults.push({ path: 'note', message: `has ${note.length} characters; ${maxNoteLength} are allowed` });
    }
    if (faults.length > 0) throw new ValidationError(faults);
    return await this.parts.mutes.create({ matchers, startsAt, end: endOf(endsAt, forMs), note }, by);
  }

  /** Newest first; `active: false` lists what is over or has not begun. */
  list(options: { active?: boolean; limit: number; cursor?: string }) {
    return this.parts.mutes.list(options);
  }

  /** Ends it now; false where there is none of this id. */
  async end(id: string, by: string): Promise<boolean> {
    const known = await this.parts.mutes.end(id, by);
    this.parts.wake();
    return known;
  }

  /** The open alerts whose messages these matchers would hold: the first 500 and how many there are. */
  async preview(matchers: Matcher[]): Promise<{ alerts: Subject[]; total: number }> {
    const faults = validateMatchers(matchers);
    if (faults.length > 0) throw new ValidationError(faults);
    const alerts: Subject[] = [];
    let total = 0;
    for await (const alert of this.parts.subjects.openAlerts(matchers)) {
      if (!this.judge.matches(matchers, alert.labels)) continue;
      total += 1;
      if (alerts.length < previewLimit) alerts.push(alert);
    }
    return { alerts, total };
  }

  /**
   * Once this has answered, no delivery of these jobs that is claimed afterwards, by any worker of any host, is sent;
   * `inFlight` were claimed before. All names or none. Where MongoDB does not answer, the outcome is unknown and the
   * error passes up: the same call may be made again.
   */
  async close(names: string[], end: MuteEnd, by: string) {
    const closed = await this.known(names);
    const faults = 'forMs' in end ? spanFaults('for', end.forMs) : [];
    if (faults.length > 0) throw new ValidationError(faults);
    const endsAt = await this.parts.mutes.close([...closed.keys()], end, by);
    const inFlight = await this.parts.deliveries.countSending([...closed.keys()]);
    return { closed: [...closed.keys()], endsAt, inFlight };
  }

  /** Ends only what close() made; names the mutes in force that still hold one of the jobs. */
  async open(names: string[], by: string) {
    const opened = await this.known(names);
    await this.parts.mutes.open([...opened.keys()], by);
    this.parts.wake();
    const held = await this.mutedBy([...opened.values()]);
    return { opened: [...opened.keys()], stillMutedBy: [...new Set(held.flat())] };
  }

  /** For each label set the ids of the mutes in force that hold it. */
  async mutedBy(labels: readonly Labels[]): Promise<string[][]> {
    if (labels.length === 0) return [];
    const active = await this.parts.mutes.active();
    return labels.map(set => active.filter(mute => this.judge.matches(mute.matchers, set)).map(mute => mute._id));
  }

  /** Labels by name, each name once; throws where a name is unknown, so that nothing is changed for the others. */
  private async known(names: string[]): Promise<Map<string, Labels>> {
    const unique = [...new Set(names)];
    if (unique.length === 0 || unique.length > maxNames) {
      const message = `${unique.length} names were given; 1 to ${maxNames} are allowed in one call`;
      throw new ValidationError([{ path: 'name', message }]);
    }
    const labels = await this.parts.subjects.labelsOf(unique);
    const unknown = unique.filter(name => !labels.has(name));
    if (unknown.length > 0) throw await this.unknownNames(unknown);
    return new Map(unique.map(name => [name, labels.get(name) ?? { job: name }]));
  }

  private async unknownNames(unknown: string[]): Promise<NotFoundError> {
    const all = await this.parts.subjects.jobNames(namesCompared);
    const errors = unknown.map(name => ({ path: 'name', message: unknownMessage(name, all) }));
    return new NotFoundError(`Nothing was changed. ${errors.map(error => error.message).join(' ')}`, errors);
  }
}

function unknownMessage(name: string, all: readonly string[]): string {
  return `There is no job ${JSON.stringify(name.slice(0, 100))}.${didYouMean(name, all)}`;
}

function endOf(endsAt: Date | null | undefined, forMs: number | undefined): MuteEnd {
  if (forMs !== undefined) return { forMs };
  return endsAt === null || endsAt === undefined ? { forever: true } : { until: endsAt };
}

function timeFaults({ startsAt, endsAt, forMs }: MuteInput): FieldError[] {
  if ((endsAt === undefined) === (forMs === undefined)) {
    return [{ path: 'endsAt', message: 'give exactly one of "endsAt" and "for" ("for": "forever" never ends)' }];
  }
  if (forMs !== undefined) return spanFaults('for', forMs);
  if (startsAt !== undefined && endsAt !== null && endsAt !== undefined && endsAt <= startsAt) {
    return [{ path: 'endsAt', message: `${endsAt.toISOString()} is not after startsAt ${startsAt.toISOString()}` }];
  }
  return [];
}

function spanFaults(path: string, spanMs: number): FieldError[] {
  if (Number.isInteger(spanMs) && spanMs > 0 && spanMs <= longestMs) return [];
  return [{ path, message: `${spanMs} ms is not a span from 1 ms to ${formatSpan(longestMs)}` }];
}
