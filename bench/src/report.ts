import type { Row } from './comparison';
import { headOf } from './heads';
import { type Machine, machineLine } from './machine';
import type { Check, Result } from './verdict';

/** Everything for a person at a terminal. */
export function textOf(machine: Machine, results: readonly Result[]): string[] {
  return [machineLine(machine), ...results.flatMap(resultLines), ...missedLines(results)];
}

function resultLines({ id, checks, rows }: Result): string[] {
  const shown = rows.flatMap(row => [
    `  ${nameOf(row)}, ${row.load}`,
    ...figureNames(row).map(figure => `    ${headOf(figure).padEnd(24)} ${figureText(row, figure)}`),
  ]);
  return ['', id, ...shown, ...checks.map(check => `  ${check.pass ? 'reached' : 'MISSED '}  ${checkText(check)}`)];
}

function missedLines(results: readonly Result[]): string[] {
  const missed = results.flatMap(({ id, checks }) => checks.filter(check => !check.pass).map(check => ({ id, check })));
  if (missed.length === 0) return ['', 'Every goal is reached.'];
  return ['', `${missed.length} goals are missed:`, ...missed.map(({ id, check }) => `  ${id}: ${checkText(check)}`)];
}

/** One workload's part of docs/benchmarks.md, below its heading. */
export function markdownOf(machine: Machine, { checks, rows }: Result): string {
  const loads = [...new Set(rows.map(row => row.load))];
  const tables = loads.flatMap(load =>
    markdownTable(
      rows.filter(row => row.load === load),
      load,
    ),
  );
  const goals = checks.map(
    ({ what, value, goal, pass }) => `| ${what} | ${value} | ${goal} | ${pass ? 'yes' : '**no**'} |`,
  );
  return [
    '',
    `Measured ${machineLine(machine)}.`,
    ...tables,
    '',
    '| goal of Watchbell | measured | to reach | reached |',
    '|---|---|---|---|',
    ...goals,
  ].join('\n');
}

function markdownTable(rows: readonly Row[], load: string): string[] {
  const figures = [...new Set(rows.flatMap(figureNames))];
  const lines = rows.map(row => `| ${nameOf(row)} | ${figures.map(figure => figureText(row, figure)).join(' | ')} |`);
  return [
    '',
    `| ${load} | ${figures.map(headOf).join(' | ')} |`,
    `|---|${figures.map(() => '---').join('|')}|`,
    ...lines,
  ];
}

const suffixes = /(Range|ToBestPeer)$/;
const described = new Set(['name', 'version', 'load', 'rounds', 'loadedRounds', 'workload']);

function figureNames(row: Row): string[] {
  return Object.keys(row).filter(key => !described.has(key) && !suffixes.test(key));
}

/** A dagger marks what was measured while the machine was loaded. */
function nameOf({ name, version, loadedRounds }: Row): string {
  return `${name} ${version}${loadedRounds > 0 ? ' †' : ''}`;
}

/** Median, range and ratio to the best peer. */
function figureText(row: Row, figure: string): string {
  const value = row[figure];
  const range = row[`${figure}Range`];
  const ratio = row[`${figure}ToBestPeer`];
  if (value === undefined) return '';
  const between = Array.isArray(range) ? ` (${range.join('–')})` : '';
  return `${value}${between}${ratio === undefined ? '' : ` × ${ratio}`}`;
}

function checkText({ what, value, goal }: Check): string {
  return `${what}: ${value}, to reach ${goal}`;
}
