import { percentile } from '../figures/measure';
import { latenessOf } from './lateness';
import { type Story, storiesOf } from './story';
import type { Evidence, FaultSpan, Verdict, WitnessEvent } from './types';

/** A lost run starts elsewhere within this span (design: the lease and the sweep that finds it, 10 + 3 s, and room). */
const takeOverLimitMs = 15_000;

/** Judges one round by what the witness wrote down and by the plan; Watchbell's own records come last, to be compared. */
export function judge(evidence: Evidence): Verdict {
  const { stories, foreign } = storiesOf(evidence);
  const { fault } = evidence;
  const of = (what: (story: Story) => boolean) => stories.filter(what);
  const found = { missed: of(isMissed), unfinished: of(isUnfinished), failed: of(isFailed) };
  const repeated = of(story => repetitions(story).length > 0);
  const repeatedOfClose = of(({ due, starts }) => due.job.onLost === 'close' && fencesOf(starts).length > 1);
  const unexplained = repeated.filter(story => !isExplained(story, fault));
  const twice = of(story => doubles(story.starts) > 0);
  return {
    due: stories.length,
    once: of(({ starts }) => fencesOf(starts).length === 1 && doubles(starts) === 0).length,
    again: of(story => fencesOf(story.starts).length > 1 && repetitions(story).length === 0).length,
    skipped: countReasons(of(isSkipped)),
    missed: found.missed.length,
    twice: stories.reduce((sum, story) => sum + doubles(story.starts), 0),
    repeated: repeated.length,
    repeatedOfClose: repeatedOfClose.length,
    unexplained: unexplained.length,
    lost: of(({ record }) => record?.state === 'lost').length,
    failed: found.failed.length,
    unfinished: found.unfinished.length,
    takenOverMs: stories.flatMap(story => takenOver(story, fault)),
    ...latenessOf(stories, fault),
    disagreements: [...stories.flatMap(disagreement), ...foreign.map(event => `${event.occurrence} was not planned`)],
    examples: examplesOf({ ...found, repeatedOfClose, unexplained, twice }),
  };
}

/** Why a verdict does not pass; empty where it does. `slackMs` is added to the limit of a take-over. */
export function complaintsOf(verdict: Verdict, slackMs = 0): string[] {
  const zero = ['missed', 'twice', 'repeatedOfClose', 'unexplained', 'failed', 'unfinished'] as const;
  const complaints = zero.flatMap(name => (verdict[name] === 0 ? [] : [`${name}: ${verdict[name]}`]));
  const slowest = Math.max(0, ...verdict.takenOverMs);
  if (slowest > takeOverLimitMs + slackMs) complaints.push(`taken over after ${slowest} ms`);
  if (verdict.recoveredMs === null) complaints.push('p99 of the lateness did not come back under 1 s');
  else if (verdict.recoveredMs > recoverLimitMs) complaints.push(`back to normal after ${verdict.recoveredMs} ms`);
  if (verdict.disagreements.length > 0) complaints.push(`GET /runs disagrees: ${verdict.disagreements.length}`);
  return complaints;
}

/** So long after the fault's end p99 is under a second again. */
const recoverLimitMs = 20_000;

/** The take-overs of several rounds in one line. */
export function takeOverSummary(takenOverMs: readonly number[]): { count: number; medianMs: number; maxMs: number } {
  const maxMs = Math.round(Math.max(0, ...takenOverMs));
  return { count: takenOverMs.length, medianMs: percentile(takenOverMs, 0.5), maxMs };
}

function fencesOf(events: readonly WitnessEvent[]): number[] {
  return [...new Set(events.map(event => event.fence))];
}

function isSkipped({ due, starts, record }: Story): boolean {
  if (starts.length > 0 || record?.state !== 'skipped') return false;
  return record.reason === 'overlap' && due.job.overlap === 'skip';
}

/** A run that was lost before its first call is a run: at most once was promised for it. */
function isMissed(story: Story): boolean {
  const { due, starts, record } = story;
  if (starts.length > 0 || isSkipped(story)) return false;
  return !(record?.state === 'lost' && due.job.onLost === 'close');
}

function isUnfinished({ due, starts, ends, record }: Story): boolean {
  if (record !== null && record.finishedAt === null) return true;
  return due.job.onLost === 'retry' && starts.length > 0 && ends.length === 0;
}

function isFailed({ record }: Story): boolean {
  return record !== null && ['failed', 'timedOut', 'cancelled'].includes(record.state);
}

/** Starts that may never be: a second one of the same fence, and one that comes after a start with a higher fence. */
function doubles(starts: readonly WitnessEvent[]): number {
  return starts.filter((start, index) => starts.slice(0, index).some(earlier => earlier.fence >= start.fence)).length;
}

/** Starts under a higher fence that came after the end of a lower one had arrived. */
function repetitions({ starts, ends }: Story): WitnessEvent[] {
  return starts.filter(start => ends.some(end => end.fence < start.fence && end.at < start.at));
}

/** The end arrived but its record could not be written: possible while the fault lasts and until its runs are taken over. */
function isExplained(story: Story, { at, endAt }: FaultSpan): boolean {
  const { record } = story;
  return repetitions(story).every(
    start =>
      (at === null || (start.at >= at && start.at <= endAt + takeOverLimitMs)) &&
      record !== null &&
      record.fence >= start.fence,
  );
}

/** How long what was lost lay still: from the fault, or from its own start where that was later. */
function takenOver({ starts, ends, record }: Story, { at }: FaultSpan): number[] {
  const [first] = starts;
  if (first === undefined) return [];
  const since = Math.max(first.at, at ?? 0);
  const next = starts.find(start => start.fence > first.fence);
  if (next !== undefined) return next.at >= since ? [next.at - since] : [];
  const lost = record?.state === 'lost' && record.finishedAt !== null && ends.length === 0;
  return lost ? [Math.max(0, Number(record.finishedAt) - since)] : [];
}

function disagreement({ due, starts, ends, record }: Story): string[] {
  if (starts.length === 0 && record?.state !== 'succeeded') return [];
  if (record === null) return [`${due.id} started, and GET /runs does not know it`];
  if (record.state === 'skipped') return [`${due.id} started, and GET /runs says skipped (${record.reason})`];
  const highest = Math.max(0, ...fencesOf(starts));
  if (record.fence < highest) return [`${due.id} started under fence ${highest}, GET /runs says ${record.fence}`];
  if (record.state !== 'succeeded' || ends.some(end => end.fence === record.fence)) return [];
  return [`${due.id} succeeded under fence ${record.fence}, and its end never arrived`];
}

function countReasons(skipped: readonly Story[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { record } of skipped) {
    const reason = record?.reason ?? 'none';
    counts[reason] = (counts[reason] ?? 0) + 1;
  }
  return counts;
}

function examplesOf(found: Record<string, readonly Story[]>): Record<string, string[]> {
  const named = Object.entries(found).filter(([, stories]) => stories.length > 0);
  return Object.fromEntries(named.map(([name, stories]) => [name, stories.map(told)]));
}

/** One occurrence in one line: what the witness saw and what GET /runs says. */
function told({ due, starts, ends, record }: Story): string {
  const events = [...starts, ...ends].sort((a, b) => a.at - b.at);
  const seen = events.map(one => `${one.phase}#${one.fence} +${Math.round(one.at - due.at)} ms by ${one.member}`);
  const said = record === null ? 'no record' : `${record.state} #${record.fence} ${record.reason ?? ''}`.trim();
  return `${due.id} (${due.job.onLost}, ${due.job.overlap}): ${seen.join(', ') || 'nothing seen'}; GET /runs: ${said}`;
}
