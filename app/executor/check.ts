import { z } from 'zod';
import { slugSchema } from '../domain/slug';
import { ruleSchema } from './check/rule';
import type { Executor, Outcome, RunTools } from './types';

const settings = z.strictObject({
  /** Name of the source that is asked. */
  source: slugSchema,
  /** What it is asked: SQL text, a pipeline …; the source's own schema says what it may be. */
  query: z.unknown().refine(query => query !== undefined && query !== null, 'is missing: say what to ask the source'),
  rule: ruleSchema,
});

type Settings = z.infer<typeof settings>;

/** Asks a source for numbers and lets a rule judge each of its series. */
export const check: Executor<Settings> = {
  kind: 'check',
  settings,
  references: ({ source, query }) => [{ source, query }],
  run,
  failed: (given, error) => judged(given, { type: 'error', error }),
};

async function run(given: Settings, tools: RunTools, signal: AbortSignal): Promise<Outcome> {
  const series = await tools.readSource(given.source, given.query, signal);
  return { check: judged(given, { type: 'series', series }), summary: { series: series.length } };
}

function judged({ source, query, rule }: Settings, result: NonNullable<Outcome['check']>['result']): Outcome['check'] {
  return { rule, subject: { source, query }, result };
}
