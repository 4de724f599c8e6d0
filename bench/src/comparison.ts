import type { Figures } from './protocol';
import { median, range, rounded } from './statistics';
import type { Subject } from './subjects';

/** One measurement in one fresh process. */
interface Round {
  figures: Figures;
  /** Whether the machine had more to do than it has cores when it began. */
  loaded: boolean;
}

/** What was measured of one subject under one load, round by round. */
export interface Series {
  subject: Subject;
  rounds: Round[];
}

/** A figure of the rows that is set beside the best peer's. */
export interface Compared {
  figure: string;
  better: 'lower' | 'higher';
}

/**
 * A line of the table: each figure's median under its own name, its `…Range` as [smallest, largest], and for those
 * that are compared `…ToBestPeer`, the median of the ratios within a round.
 */
export interface Row {
  name: string;
  version: string;
  /** What was asked of it: "10,000 jobs". */
  load: string;
  rounds: number;
  /** Rounds that began while the load average was over the number of cores: trust them less. */
  loadedRounds: number;
  [figure: string]: string | number | [number, number];
}

/** A figure, round by round. */
export function valuesOf({ subject, rounds }: Series, figure: string): number[] {
  return rounds.map(({ figures }) => {
    const value = figures[figure];
    if (value === undefined) throw new Error(`${subject.name} gave no figure ${figure}.`);
    return value;
  });
}

/** A figure over the best of the others', both of the same round. */
export function ratios(series: Series, others: readonly Series[], { figure, better }: Compared): number[] {
  const best = better === 'lower' ? Math.min : Math.max;
  const columns = others.map(other => valuesOf(other, figure));
  return valuesOf(series, figure).map((value, round) => {
    const beside = columns.flatMap(column => column[round] ?? []);
    return value / best(...beside);
  });
}

export function seriesOf(all: readonly Series[], subject: Subject): Series {
  const found = all.find(series => series.subject === subject);
  if (found === undefined) throw new Error(`${subject.name} was not measured.`);
  return found;
}

/** The lines of one load. */
export function rowsOf(all: readonly Series[], load: string, compared: readonly Compared[]): Row[] {
  return all.map(series => rowOf(series, peersOf(all, series), load, compared));
}

export function peersOf(all: readonly Series[], one: Series): Series[] {
  return all.filter(other => other !== one && other.subject.packageName !== null);
}

function rowOf(series: Series, peers: readonly Series[], load: string, compared: readonly Compared[]): Row {
  const { subject, rounds } = series;
  const row: Row = {
    name: subject.name,
    version: subject.version,
    load,
    rounds: rounds.length,
    loadedRounds: rounds.filter(round => round.loaded).length,
  };
  for (const figure of Object.keys(rounds[0]?.figures ?? {})) {
    const values = valuesOf(series, figure);
    const [least, most] = range(values);
    row[figure] = rounded(median(values));
    row[`${figure}Range`] = [rounded(least), rounded(most)];
    const comparison = compared.find(one => one.figure === figure);
    if (comparison === undefined || peers.length === 0) continue;
    row[`${figure}ToBestPeer`] = rounded(median(ratios(series, peers, comparison)));
  }
  return row;
}
