import path from 'node:path';
import type { DrillArguments } from './arguments';
import { keepEvidence } from './evidence';
import type { Fault } from './faults/types';
import { Random } from './random';
import { examplesOf, type FaultResult, linesOf, resultOf } from './result';
import { play } from './round';
import { Stage } from './stage';
import type { Verdict } from './types';
import { judge } from './verdict';

export interface Surroundings {
  root: string;
  folder: string;
  signal: AbortSignal;
  say(line: string): void;
}

export interface LeftOut {
  fault: string;
  why: string;
}

/** Drills each fault on a stage of the drill's own; faults that follow each other share one. */
export async function drillOnStage(
  given: DrillArguments,
  around: Surroundings,
): Promise<{ results: FaultResult[]; leftOut: LeftOut[] }> {
  const leftOut = given.faults.flatMap(fault => {
    const why = fault.missing?.() ?? null;
    return why === null ? [] : [{ fault: fault.name, why }];
  });
  for (const { fault, why } of leftOut) around.say(`Left out: ${fault}, because ${why}.`);
  const possible = given.faults.filter(fault => leftOut.every(one => one.fault !== fault.name));
  const results: FaultResult[] = [];
  for (const kind of new Set(possible.map(fault => fault.stage))) {
    const stage = new Stage({ kind, ...around });
    try {
      await stage.start();
      for (const fault of possible.filter(one => one.stage === kind)) {
        results.push(await drillFault(fault, stage, given, around));
      }
    } finally {
      for (const problem of await stage.close()) around.say(problem);
    }
  }
  return { results, leftOut };
}

async function drillFault(
  fault: Fault,
  stage: Stage,
  given: DrillArguments,
  around: Surroundings,
): Promise<FaultResult> {
  const { say, signal } = around;
  say('');
  say(`${fault.name}: ${fault.what}`);
  const verdicts: Verdict[] = [];
  // Of the seed and the fault alone: a fault that is drilled by itself has the same moments as in a row with others.
  const random = new Random(given.seed + [...fault.name].reduce((sum, letter) => sum * 31 + letter.charCodeAt(0), 7));
  for (let index = 1; index <= given.rounds; index += 1) {
    const name = `drill-${fault.name}-${index}`;
    const { evidence, injected } = await play(fault, { stage, random, name, signal });
    const verdict = judge(evidence);
    verdicts.push(verdict);
    const { at } = injected;
    say(`   round ${index}: ${injected.whom}, ${((at - evidence.plan.startAt) / 1000).toFixed(1)} s into the load`);
    for (const line of examplesOf(verdict)) say(line);
    if (given.keep !== null && !resultOf(fault.name, [verdict], fault.mongodbAwayMs).pass) {
      const hosts = stage.players.map(player => player.host);
      await keepEvidence(path.join(given.keep, name), { evidence, verdict, hosts });
    }
    await stage.healed();
  }
  const result = resultOf(fault.name, verdicts, fault.mongodbAwayMs);
  for (const line of linesOf(result)) say(line);
  return result;
}
