import { expressions, questionZone, textsOf, zonesForText } from '../nextQuestions';
import type { Figures, Message } from '../protocol';
import { cpuMicros } from './process';
import { serve } from './serve';
import type { CompileNext } from './types';

const samples = 400;
const warmUpShare = 0.3;

/** The whole of a process that measures how fast next occurrences are found. */
export function serveNext(compile: CompileNext): void {
  serve(async task => {
    if (task.kind !== 'next') throw new Error('It is asked for next occurrences only.');
    return measure(compile, task.cpuMs);
  });
}

function measure(compile: CompileNext, cpuMs: number): Message {
  const instants = randomInstants(4096);
  const figures: Figures = {};
  const answers: Record<string, number[]> = {};
  for (const { name, cron } of expressions) {
    const next = compile(cron, questionZone);
    answers[name] = instants.slice(0, samples).map(next);
    figures[`${name}ParsedPerSecond`] = parsedRate(next, instants, cpuMs);
    figures[`${name}FromTextPerSecond`] = fromTextRate(compile, name, instants, cpuMs);
  }
  return { figures, answers };
}

/** Answers per second of CPU, each to another instant. */
function parsedRate(next: (after: number) => number, instants: readonly number[], cpuMs: number): number {
  const question = (number: number) => next(instants[number % instants.length] ?? 0);
  rate(question, Number.POSITIVE_INFINITY, cpuMs * warmUpShare);
  return rate(question, Number.POSITIVE_INFINITY, cpuMs);
}

/**
 * Texts read and answered per second of CPU. No text comes twice in a zone, so that nothing is won by remembering
 * whole texts; each zone has been used once before, as in a process that has run for a while.
 */
function fromTextRate(compile: CompileNext, name: string, instants: readonly number[], cpuMs: number): number {
  const after = instants[0] ?? 0;
  for (const zone of zonesForText) compile('17 3 1 1 *', zone)(after);
  const texts = textsOf(name);
  const question = (number: number) => {
    const text = texts[number % texts.length] ?? texts[0];
    return text === undefined ? 0 : compile(text.cron, text.zone)(instants[number % instants.length] ?? 0);
  };
  const warmUp = Math.floor(texts.length * warmUpShare);
  rate(question, warmUp, cpuMs * warmUpShare);
  return rate(number => question(warmUp + number), texts.length - warmUp, cpuMs);
}

/** Asks up to `limit` questions for about `cpuMs`; answers how many per second of CPU. */
function rate(question: (number: number) => number, limit: number, cpuMs: number): number {
  const startedAt = cpuMicros();
  let sum = 0;
  let asked = 0;
  for (let batch = 1; asked < limit && cpuMicros() - startedAt < cpuMs * 1000; batch = Math.min(batch * 2, 512)) {
    const end = Math.min(asked + batch, limit);
    for (; asked < end; asked += 1) sum += question(asked);
  }
  const cpu = cpuMicros() - startedAt;
  if (!Number.isFinite(sum)) throw new Error('An answer was not a time.');
  return asked / (cpu / 1e6);
}

const firstInstant = Date.UTC(2026, 0, 1);
const instantsSpanMs = Date.UTC(2030, 0, 1) - firstInstant;

/** The same for everyone: a leap year and eight offset changes lie between them. */
function randomInstants(count: number): number[] {
  let state = 20_261_121;
  return Array.from({ length: count }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return firstInstant + Math.floor((state / 2 ** 32) * instantsSpanMs);
  });
}
