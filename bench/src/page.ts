import { readFileSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import { BenchError } from './errors';
import { markdownOf } from './report';
import type { Result } from './verdict';

const begin = '<!-- figures -->';
const end = '<!-- /figures -->';

const machineSchema = z.object({
  cpu: z.string(),
  cores: z.number(),
  memoryGib: z.number(),
  node: z.string(),
  system: z.string(),
  load: z.number(),
  date: z.string(),
});
const figureSchema = z.union([z.string(), z.number(), z.tuple([z.number(), z.number()])]);
const rowSchema = z
  .object({
    workload: z.string(),
    name: z.string(),
    version: z.string(),
    load: z.string(),
    rounds: z.number(),
    loadedRounds: z.number(),
  })
  .catchall(figureSchema);
const checkSchema = z.object({
  workload: z.string(),
  what: z.string(),
  value: z.number(),
  goal: z.string(),
  pass: z.boolean(),
});
const allSchema = z.object({
  id: z.literal('all'),
  machine: machineSchema,
  checks: z.array(checkSchema),
  rows: z.array(rowSchema),
});

/** Puts the tables of what `all --json` has printed into the page, between its two marks; the rest stays. */
export function writePage(figuresFile: string, pageFile: string): void {
  const page = readFileSync(pageFile, 'utf8');
  const [before, after] = [page.indexOf(begin), page.indexOf(end)];
  if (before < 0 || after < before) throw new BenchError(`${pageFile} has no marks ${begin} and ${end}.`);
  const tables = tablesOf(readFileSync(figuresFile, 'utf8'));
  writeFileSync(pageFile, `${page.slice(0, before + begin.length)}\n${tables}\n${page.slice(after)}`);
}

/** npm may have said something before the object, which is the last line. */
function tablesOf(printed: string): string {
  const { machine, checks, rows } = allSchema.parse(JSON.parse(printed.trim().split('\n').at(-1) ?? ''));
  const ids = [...new Set(checks.map(check => check.workload))];
  const results = ids.map((id): Result => {
    const own = checks.filter(check => check.workload === id);
    const pass = own.every(check => check.pass);
    return { id, pass, checks: own, rows: rows.filter(row => row.workload === id) };
  });
  return markdownOf(machine, results);
}
