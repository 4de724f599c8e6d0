import type { Row } from './comparison';
import { rounded } from './statistics';

/** One goal and whether it was reached. */
export interface Check {
  what: string;
  value: number;
  goal: string;
  pass: boolean;
}

/** One workload: what `--json` prints. */
export interface Result {
  id: string;
  pass: boolean;
  checks: Check[];
  rows: Row[];
}

/** Every workload of one invocation as one object: each check and row says whose it is. */
export interface AllResults {
  id: 'all';
  pass: boolean;
  checks: (Check & { workload: string })[];
  rows: (Row & { workload: string })[];
}

export function atMost(what: string, value: number, limit: number): Check {
  return { what, value: rounded(value), goal: `≤ ${limit}`, pass: value <= limit };
}

export function below(what: string, value: number, limit: number): Check {
  return { what, value: rounded(value), goal: `< ${limit}`, pass: value < limit };
}

export function atLeast(what: string, value: number, limit: number): Check {
  return { what, value: rounded(value), goal: `≥ ${limit}`, pass: value >= limit };
}

/** For counts, which are right or wrong. */
export function exactly(what: string, value: number, wanted: number): Check {
  return { what, value, goal: `= ${wanted}`, pass: value === wanted };
}

/** A workload passes when each of its checks does; one without checks has shown nothing. */
export function resultOf(id: string, checks: Check[], rows: Row[]): Result {
  return { id, pass: checks.length > 0 && checks.every(check => check.pass), checks, rows };
}

/** A workload of which nothing is known. */
export function notMeasured(id: string, why: string): Result {
  return resultOf(id, [{ what: why, value: 0, goal: 'to be measured', pass: false }], []);
}

const fewestRounds = 3;

/** Fewer rounds show what happens, and prove nothing: said as a goal that is missed. */
export function withRounds({ id, checks, rows }: Result, rounds: number): Result {
  return resultOf(id, rounds < fewestRounds ? [...checks, atLeast('rounds', rounds, fewestRounds)] : checks, rows);
}

export function allOf(results: readonly Result[]): AllResults {
  return {
    id: 'all',
    pass: exitCodeOf(results) === 0,
    checks: results.flatMap(({ id, checks }) => checks.map(check => ({ workload: id, ...check }))),
    rows: results.flatMap(({ id, rows }) => rows.map(row => ({ workload: id, ...row }))),
  };
}

/** 1 when a count is wrong or a goal is missed, or when nothing was measured. */
export function exitCodeOf(results: readonly Result[]): 0 | 1 {
  return results.length > 0 && results.every(result => result.pass) ? 0 : 1;
}
