import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseArguments } from '../../bench/src/arguments';
import { ratios, rowsOf, type Series } from '../../bench/src/comparison';
import { machineNow } from '../../bench/src/machine';
import { expressions, textsOf } from '../../bench/src/nextQuestions';
import { differAwayFromChanges } from '../../bench/src/offsetChanges';
import { writePage } from '../../bench/src/page';
import { textOf } from '../../bench/src/report';
import { median, percentile, range } from '../../bench/src/statistics';
import { burstJobs, farJobs, periodicJobs } from '../../bench/src/subject/definitions';
import { Fires } from '../../bench/src/subject/fires';
import {
  allOf,
  atLeast,
  atMost,
  below,
  exactly,
  exitCodeOf,
  notMeasured,
  resultOf,
  withRounds,
} from '../../bench/src/verdict';

function seriesOf(name: string, values: readonly number[], loaded = false): Series {
  const packageName = name === 'Watchbell' ? null : name;
  return {
    subject: { name, version: '1.0.0', packageName, entry: '' },
    rounds: values.map(p99Ms => ({ figures: { p99Ms }, loaded })),
  };
}

const reached = atMost('p99, ms', 40, 50);
const missed = atMost('p99, ms', 60, 50);

describe('statistics of the bench', () => {
  it('takes the middle of an odd count and the mean of the two middle ones of an even count', () => {
    expect(median([9, 1, 5])).toBe(5);
    expect(median([10, 2, 100, 4])).toBe(7);
    expect(() => median([])).toThrow('no median');
  });

  it('gives the range and the percentiles of what is sorted', () => {
    expect(range([3, 1, 2])).toEqual([1, 3]);
    const hundred = Array.from({ length: 100 }, (_, index) => index + 1);
    expect([0.5, 0.99, 1].map(share => percentile(hundred, share))).toEqual([50, 99, 100]);
    expect(percentile([], 0.99)).toBe(0);
  });

  it('compares with the best peer of the same round, whichever that is', () => {
    const own = seriesOf('Watchbell', [10, 30]);
    const peers = [seriesOf('one', [20, 100]), seriesOf('two', [40, 60])];
    expect(ratios(own, peers, { figure: 'p99Ms', better: 'lower' })).toEqual([0.5, 0.5]);
    expect(ratios(own, peers, { figure: 'p99Ms', better: 'higher' })).toEqual([0.25, 0.3]);
  });

  it('makes rows of median, range, ratio to the best peer and the number of rounds on a loaded machine', () => {
    const all = [seriesOf('Watchbell', [10, 20, 90]), seriesOf('peer', [40, 40, 45], true)];
    expect(rowsOf(all, '10,000 jobs', [{ figure: 'p99Ms', better: 'lower' }])).toEqual([
      {
        name: 'Watchbell',
        version: '1.0.0',
        load: '10,000 jobs',
        rounds: 3,
        loadedRounds: 0,
        p99Ms: 20,
        p99MsRange: [10, 90],
        p99MsToBestPeer: 0.5,
      },
      expect.objectContaining({ name: 'peer', p99Ms: 40, p99MsRange: [40, 45], loadedRounds: 3 }),
    ]);
  });
});

describe('counting of fires', () => {
  it('counts what never came, what came twice and how late the first ones were, and minds no other instant', () => {
    const fires = new Fires(100);
    for (const index of [0, 1, 1]) fires.record(index);
    const now = Date.now();
    const { missed, twice, maxMs } = fires.summary(3, () => now - 40, 10_000);
    expect({ missed, twice }).toEqual({ missed: 1, twice: 1 });
    expect(maxMs).toBeGreaterThanOrEqual(35);
    expect(fires.summary(3, () => now - 60_000, 10_000)).toMatchObject({ missed: 3, twice: 0 });
  });
});

describe('verdict of the bench', () => {
  it('reaches a limit that is met exactly, but not one to stay below', () => {
    expect(atMost('ms', 50, 50).pass).toBe(true);
    expect(below('ms', 250, 250).pass).toBe(false);
    expect(atLeast('times', 10, 10).pass).toBe(true);
    expect(exactly('twice', 1, 0).pass).toBe(false);
  });

  it('ends with 0 only when every goal of every workload is reached', () => {
    const good = resultOf('W1', [reached], []);
    expect(exitCodeOf([good])).toBe(0);
    expect(exitCodeOf([good, resultOf('W2', [reached, missed], [])])).toBe(1);
    expect(exitCodeOf([resultOf('W1', [], [])])).toBe(1);
    expect(exitCodeOf([])).toBe(1);
  });

  it('fails where a workload could not be measured, and says why', () => {
    const result = notMeasured('W2', 'egg-schedule: no answer within 600000 ms');
    expect(result).toMatchObject({ pass: false, checks: [{ what: 'egg-schedule: no answer within 600000 ms' }] });
    expect(textOf(machineNow(), [result]).at(-1)).toContain('no answer');
  });

  it('proves nothing in fewer than three rounds', () => {
    const good = resultOf('W1', [reached], []);
    expect(withRounds(good, 3)).toEqual(good);
    expect(withRounds(good, 2).pass).toBe(false);
  });

  it('prints one object with what, value, goal and pass of each check', () => {
    const object = JSON.parse(JSON.stringify(resultOf('W1', [missed], rowsOf([seriesOf('peer', [7])], 'load', []))));
    expect(object).toEqual({
      id: 'W1',
      pass: false,
      checks: [{ what: 'p99, ms', value: 60, goal: '≤ 50', pass: false }],
      rows: [expect.objectContaining({ name: 'peer', version: '1.0.0', p99Ms: 7 })],
    });
  });

  it('says at the end which goals are missed', () => {
    const lines = textOf(machineNow(), [resultOf('W1', [reached, missed], []), resultOf('W4', [reached], [])]);
    expect(lines.slice(-2)).toEqual(['1 goals are missed:', '  W1: p99, ms: 60, to reach ≤ 50']);
  });
});

describe('the page of the bench', () => {
  it('replaces the tables between its marks and leaves the rest', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'watchbell-bench-'));
    const [page, figures] = [path.join(folder, 'page.md'), path.join(folder, 'figures.json')];
    const rows = rowsOf([seriesOf('Watchbell', [20]), seriesOf('peer', [40], true)], '10,000 jobs', []);
    const printed = JSON.stringify({ ...allOf([resultOf('W1', [missed], rows)]), machine: machineNow() });
    writeFileSync(page, 'before\n<!-- figures -->\nold\n<!-- /figures -->\nafter\n');
    writeFileSync(figures, `> watchbell bench\n\n${printed}\n`);
    writePage(figures, page);
    const text = readFileSync(page, 'utf8');
    rmSync(folder, { recursive: true });
    expect(text).toMatch(/^before\n<!-- figures -->\n## W1\n\nMeasured .*<!-- \/figures -->\nafter\n$/s);
    expect(text).not.toContain('old');
    expect(text).toContain('| peer 1.0.0 † | 40 (40–40) |');
    expect(text).toContain('| p99, ms | 60 | ≤ 50 | **no** |');
  });
});

describe('the page of the bench, of some workloads only', () => {
  it('keeps what stands there of the others', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'watchbell-bench-'));
    const [page, figures] = [path.join(folder, 'page.md'), path.join(folder, 'figures.json')];
    writeFileSync(page, '<!-- figures -->\n## W1\n\nfirst\n\n## W2\n\nsecond\n<!-- /figures -->\n');
    const rows = rowsOf([seriesOf('Watchbell', [20])], '10,000 jobs', []);
    const lines = ['W2', 'W8'].map(id => JSON.stringify({ ...resultOf(id, [missed], rows), machine: machineNow() }));
    writeFileSync(figures, `> watchbell bench\n\n${lines.join('\n')}\n`);
    writePage(figures, page);
    const text = readFileSync(page, 'utf8');
    rmSync(folder, { recursive: true });
    expect(text.match(/^## .*$/gm)).toEqual(['## W1', '## W2', '## W8']);
    expect(text).toContain('first');
    expect(text).not.toContain('second');
  });
});

describe('loads of the bench', () => {
  it('makes 50,000 distinct expressions that are all due at the chosen second, in whatever zone', () => {
    const at = Date.UTC(2026, 10, 21, 23, 59, 31);
    for (const zones of [true, false]) {
      const definition = burstJobs(at, zones);
      const jobs = Array.from({ length: 50_000 }, (_, index) => definition(index));
      expect(new Set(jobs.map(({ cron, zone }) => `${cron} ${zone}`)).size).toBe(50_000);
      expect(new Set(jobs.map(job => job.zone)).size).toBe(zones ? 8 : 1);
      for (const job of jobs.filter(({ index }) => index % 997 === 0)) expect(isDue(job, at)).toBe(true);
    }
  });

  it('makes far jobs of which none is due within hours, and periodic ones spread evenly', () => {
    const now = Date.UTC(2026, 10, 21, 12, 0, 0);
    const definition = farJobs(now, true);
    const far = Array.from({ length: 50_000 }, (_, index) => definition(index));
    const hours = new Set(far.filter(job => job.zone === 'UTC').map(job => Number(job.cron.split(' ')[2])));
    for (const hour of [12, 13, 14, 15, 16]) expect(hours.has(hour)).toBe(false);
    const periodic = Array.from({ length: 200 }, (_, index) => periodicJobs(10, true)(index).cron);
    expect(periodic.filter(cron => cron === '3-59/10 * * * * *')).toHaveLength(20);
  });

  it('asks for next occurrences by texts that never come twice in a zone', () => {
    for (const { name } of expressions) {
      const texts = textsOf(name).map(({ cron, zone }) => `${cron} ${zone}`);
      expect(new Set(texts).size).toBe(texts.length);
      expect(texts.length).toBeGreaterThan(4000);
    }
  });

  it('lets answers differ only near a change of the offset', () => {
    const zone = 'America/New_York';
    const [calm, change] = [Date.UTC(2026, 5, 1), Date.UTC(2026, 2, 8, 7)];
    expect(differAwayFromChanges([calm, change], [calm, change + 1], zone)).toBe(0);
    expect(differAwayFromChanges([calm], [calm + 1], zone)).toBe(1);
    expect(differAwayFromChanges([calm], [], zone)).toBe(1);
  });
});

describe('arguments of the bench', () => {
  it('reads one workload or all, as JSON, and the number of rounds', () => {
    expect(parseArguments(['W2', '--json'])).toEqual({
      kind: 'measure',
      ids: ['w2'],
      all: false,
      json: true,
      rounds: 3,
    });
    expect(parseArguments(['all', '--rounds', '5'])).toMatchObject({
      ids: ['w1', 'w2', 'w3', 'w4', 'w5', 'w6', 'w7', 'w8', 'w9', 'w10', 'growth'],
      rounds: 5,
    });
    expect(parseArguments(['w7', 'w6'])).toMatchObject({ ids: ['w6', 'w7'], all: false });
    expect(parseArguments(['page', 'figures.json'])).toEqual({ kind: 'page', file: 'figures.json' });
  });

  it('shows how it is used when it is asked for something else', () => {
    for (const args of [
      [],
      ['w11'],
      ['w1', 'w11'],
      ['all', 'w2'],
      ['w1', '--fast'],
      ['w1', '--rounds', '0'],
      ['page'],
    ]) {
      expect(() => parseArguments(args)).toThrow('npm run bench');
    }
  });
});

/** Whether the instant has the second, and is in the lists, of a burst's expression in its zone. */
function isDue({ cron, zone }: { cron: string; zone: string }, at: number): boolean {
  const local = new Date(new Date(at).toLocaleString('en-US', { timeZone: zone }));
  const values = [local.getSeconds(), local.getMinutes(), local.getHours(), local.getDate()];
  const fields = cron.split(' ');
  return values.every((value, index) => fields[index] === '*' || fields[index]?.split(',').includes(String(value)));
}
