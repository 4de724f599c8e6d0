import type { Misfire } from '../job/types';
import { includes, instants, type Timetable } from '../schedule';

/** Why a missed occurrence is not run: it came too late, or a calendar keeps it back. */
export type MissReason = 'misfire' | 'calendar';

/** Many skips in a row, in ms: the first, the last, and how many of the schedule's instants in between were skipped. */
export interface SkippedSpan {
  from: number;
  to: number;
  count: number;
}

export interface MisfireQuestion {
  table: Timetable;
  /** What is in (after, until], in ms, is decided. */
  after: number;
  until: number;
  /** Times of the window that have a record. */
  recorded: readonly number[];
  misfire: Misfire;
  /** How many of the newest run by the policy `all`. */
  misfireLimit: number;
  /** Skips later than this have each a record under its own key, which a late claim finds taken. */
  ownAfter: number;
}

export interface MisfireDecision {
  /** Oldest first. */
  run: number[];
  own: { at: number; reason: MissReason }[];
  spans: (SkippedSpan & { reason: MissReason })[];
}

/** At most so many skips of one decision have a record of their own. */
const mostOwn = 100;
/** No zone changes its date inside a quarter of an hour of UTC: a calendar judges all instants in one alike. */
const blockMs = 900_000;

/**
 * What becomes of the occurrences of a window that have no record. The work grows with the number of records and of
 * quarters of an hour, not with that of occurrences: a day at one run a second costs no more than 96 counts.
 */
export function decideMisfires(question: MisfireQuestion): MisfireDecision {
  const { table, after, until } = question;
  const taken = new Set(question.recorded.filter(at => at > after && at <= until && includes(table, at)));
  const run = newestMissed(question, taken);
  for (const at of run) taken.add(at);
  return { run, ...skips(question, taken) };
}

/** The instants of a job in [from, until] while it is paused or disabled; null when there are none. */
export function pausedSkips(table: Timetable, from: number, until: number): SkippedSpan | null {
  const first = table.next(from - 1);
  const last = table.previous(until + 1);
  if (first === null || last === null || first > until || last < first) return null;
  return { from: first, to: last, count: table.count(first - 1, until) };
}

function newestMissed({ table, after, until, misfire, misfireLimit }: MisfireQuestion, taken: Set<number>): number[] {
  const wanted = misfire === 'all' ? misfireLimit : Number(misfire === 'last');
  const found: number[] = [];
  let at = table.previous(until + 1);
  while (at !== null && at > after && found.length < wanted) {
    const isKept = table.keptBack(at);
    if (!isKept && !taken.has(at)) found.push(at);
    at = table.previous(isKept ? blockStart(at) : at);
  }
  return found.reverse();
}

function skips(question: MisfireQuestion, taken: Set<number>): Omit<MisfireDecision, 'run'> {
  const { table, until } = question;
  const ownAfter = ownSince(question);
  const own: MisfireDecision['own'] = [];
  const spans = new Map<MissReason, SkippedSpan>();
  const isTaken = counter(taken);
  let cursor = question.after;
  for (let first = table.next(cursor); first !== null && first <= until; first = table.next(cursor)) {
    const reason = table.keptBack(first) ? 'calendar' : 'misfire';
    const blockEnd = Math.min(blockStart(first) + blockMs - 1, until);
    const end = first <= ownAfter ? Math.min(blockEnd, ownAfter) : blockEnd;
    if (reason === 'misfire' && first > ownAfter) {
      for (const at of missed(table, first, end, taken)) own.push({ at, reason });
    } else {
      const count = table.count(cursor, end) - isTaken(cursor, end);
      if (count > 0) spans.set(reason, grown(spans.get(reason), { table, first, end, taken, count }));
    }
    cursor = end;
  }
  return withoutLone(own, spans);
}

/** The newest skips are the ones that a late claim may meet; beyond a number of them one record serves for all. */
function ownSince({ table, until, ownAfter }: MisfireQuestion): number {
  let at: number | null = until + 1;
  for (let count = 0; count <= mostOwn && at !== null && at > ownAfter; count += 1) at = table.previous(at);
  return at === null ? ownAfter : Math.max(at, ownAfter);
}

function* missed(table: Timetable, first: number, end: number, taken: Set<number>): Generator<number> {
  for (const at of instants(table, first, end)) if (!taken.has(at)) yield at;
}

interface Part {
  table: Timetable;
  first: number;
  end: number;
  taken: Set<number>;
  count: number;
}

function grown(span: SkippedSpan | undefined, { table, first, end, taken, count }: Part): SkippedSpan {
  let from: number | null = first;
  while (from !== null && taken.has(from)) from = table.next(from);
  let to = table.previous(end + 1);
  while (to !== null && taken.has(to)) to = table.previous(to);
  return { from: span?.from ?? from ?? first, to: to ?? end, count: (span?.count ?? 0) + count };
}

/** A span of one is a skip like any other: it has its own key. */
function withoutLone(
  own: MisfireDecision['own'],
  spans: ReadonlyMap<MissReason, SkippedSpan>,
): Omit<MisfireDecision, 'run'> {
  const all = [...spans].map(([reason, span]) => ({ reason, ...span }));
  const lone = all.filter(span => span.count === 1).map(({ reason, from }) => ({ reason, at: from }));
  return { own: [...lone, ...own], spans: all.filter(span => span.count > 1) };
}

/** How many of these times are in (after, until]; windows must be asked in order. */
function counter(times: ReadonlySet<number>): (after: number, until: number) => number {
  const sorted = [...times].sort((a, b) => a - b);
  let index = 0;
  const passed = (until: number) => {
    while ((sorted[index] ?? Number.POSITIVE_INFINITY) <= until) index += 1;
    return index;
  };
  return (after, until) => -passed(after) + passed(until);
}

function blockStart(at: number): number {
  return Math.floor(at / blockMs) * blockMs;
}
