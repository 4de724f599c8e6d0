import type { Verdict } from './types';
import { complaintsOf, takeOverSummary } from './verdict';

/** All rounds of one fault, as `--json` prints them. Counts are sums, spans are those of the worst round. */
export interface FaultResult {
  fault: string;
  rounds: number;
  due: number;
  once: number;
  /** Started again after a loss: `retry` jobs. */
  again: number;
  skipped: number;
  missed: number;
  twice: number;
  repeated: number;
  repeatedOfClose: number;
  lost: number;
  failed: number;
  unfinished: number;
  takenOver: { count: number; medianMs: number; maxMs: number };
  /** Of what was due from the fault's beginning to 20 s after its end. */
  latenessP99Ms: number;
  /** Of what was due later. */
  latenessAfterP99Ms: number;
  /** Null where it was not seen. */
  recoveredMs: number | null;
  pass: boolean;
  /** Why it does not pass. */
  complaints: string[];
}

/** `slackMs` is added to the limit of a take-over. */
export function resultOf(fault: string, verdicts: readonly Verdict[], slackMs = 0): FaultResult {
  const sum = (name: Summed) => verdicts.reduce((total, verdict) => total + verdict[name], 0);
  const worst = (name: 'latenessP99Ms' | 'latenessAfterP99Ms') => Math.max(0, ...verdicts.map(one => one[name]));
  const recovered = verdicts.map(one => one.recoveredMs);
  const complaints = verdicts.flatMap(one => complaintsOf(one, slackMs));
  return {
    fault,
    rounds: verdicts.length,
    due: sum('due'),
    once: sum('once'),
    again: sum('again'),
    skipped: verdicts.reduce((total, { skipped }) => total + Object.values(skipped).reduce((a, b) => a + b, 0), 0),
    missed: sum('missed'),
    twice: sum('twice'),
    repeated: sum('repeated'),
    repeatedOfClose: sum('repeatedOfClose'),
    lost: sum('lost'),
    failed: sum('failed'),
    unfinished: sum('unfinished'),
    takenOver: takeOverSummary(verdicts.flatMap(one => one.takenOverMs)),
    latenessP99Ms: worst('latenessP99Ms'),
    latenessAfterP99Ms: worst('latenessAfterP99Ms'),
    recoveredMs: recovered.includes(null) ? null : Math.max(0, ...recovered.map(Number)),
    pass: complaints.length === 0,
    complaints,
  };
}

type Summed = {
  [Name in keyof Verdict]: Verdict[Name] extends number ? Name : never;
}[keyof Verdict];

/** The result for a person. */
export function linesOf(result: FaultResult): string[] {
  const { takenOver, recoveredMs } = result;
  const counts = [
    `due ${result.due}`,
    `once ${result.once}`,
    `again ${result.again}`,
    `skipped ${result.skipped}`,
    `lost ${result.lost}`,
    `missed ${result.missed}`,
    `twice ${result.twice}`,
    `repeated ${result.repeated} (of close ${result.repeatedOfClose})`,
  ];
  const spans = [
    `taken over ${takenOver.count} (median ${seconds(takenOver.medianMs)}, max ${seconds(takenOver.maxMs)})`,
    `lateness p99 ${result.latenessP99Ms} ms, after it ${result.latenessAfterP99Ms} ms`,
    `normal after ${recoveredMs === null ? 'never seen' : seconds(recoveredMs)}`,
  ];
  const verdict = result.pass ? 'pass' : `FAIL: ${result.complaints.join('; ')}`;
  return [`   ${counts.join(' · ')}`, `   ${spans.join(' · ')}`, `   ${verdict}`];
}

/** What was wrong in one round, an occurrence a line; the first few of each sort. */
export function examplesOf(verdict: Verdict, most = 5): string[] {
  const found = { ...verdict.examples, disagreements: verdict.disagreements };
  return Object.entries(found).flatMap(([name, lines]) => {
    const more = lines.length > most ? [`      … and ${lines.length - most} more`] : [];
    return lines.length === 0 ? [] : [`   ${name}:`, ...lines.slice(0, most).map(line => `      ${line}`), ...more];
  });
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
