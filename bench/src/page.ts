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
const checkFields = { what: z.string(), value: z.number(), goal: z.string(), pass: z.boolean() };
const rowFields = {
  name: z.string(),
  version: z.string(),
  load: z.string(),
  rounds: z.number(),
  loadedRounds: z.number(),
};
const ofAll = { workload: z.string() };
const printedSchema = z.union([
  z.object({
    id: z.literal('all'),
    machine: machineSchema,
    checks: z.array(z.object({ ...checkFields, ...ofAll })),
    rows: z.array(z.object({ ...rowFields, ...ofAll }).catchall(figureSchema)),
  }),
  z.object({
    id: z.string(),
    machine: machineSchema,
    checks: z.array(z.object(checkFields)),
    rows: z.array(z.object(rowFields).catchall(figureSchema)),
  }),
]);

type Sections = Map<string, string>;

/**
 * Puts the tables of what `--json` has printed into the page, between its two marks; workloads that were not measured
 * keep theirs, and the rest of the page stays.
 */
export function writePage(figuresFile: string, pageFile: string): void {
  const page = readFileSync(pageFile, 'utf8');
  const [before, after] = [page.indexOf(begin), page.indexOf(end)];
  if (before < 0 || after < before) throw new BenchError(`${pageFile} has no marks ${begin} and ${end}.`);
  const sections = sectionsOf(page.slice(before + begin.length, after));
  for (const [id, text] of measured(readFileSync(figuresFile, 'utf8'))) sections.set(id, text);
  const text = [...sections].map(([id, section]) => `## ${id}\n${section}`).join('\n\n');
  writeFileSync(pageFile, `${page.slice(0, before + begin.length)}\n${text}\n${page.slice(after)}`);
}

/** What stands in the page so far, by its headings. */
function sectionsOf(tables: string): Sections {
  const parts = `\n${tables.trim()}`.split('\n## ').slice(1);
  return new Map(
    parts.map(part => {
      const [id = '', ...lines] = part.split('\n');
      return [id, lines.join('\n').trimEnd()];
    }),
  );
}

/** Each object is a line of its own; npm may have said something before. */
function measured(printed: string): Sections {
  const sections: Sections = new Map();
  const lines = printed.split('\n').filter(line => line.startsWith('{'));
  for (const { machine, ...result } of lines.map(line => printedSchema.parse(JSON.parse(line)))) {
    for (const one of resultsOf(result)) sections.set(one.id, markdownOf(machine, one));
  }
  return sections;
}

function resultsOf({ id, checks, rows }: Omit<z.infer<typeof printedSchema>, 'machine'>): Result[] {
  const workloadOf = (one: object) => ('workload' in one ? String(one.workload) : id);
  return [...new Set(checks.map(workloadOf))].map(workload => {
    const own = checks.filter(check => workloadOf(check) === workload);
    const pass = own.every(check => check.pass);
    return { id: workload, pass, checks: own, rows: rows.filter(row => workloadOf(row) === workload) };
  });
}
