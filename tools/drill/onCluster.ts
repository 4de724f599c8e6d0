import { randomBytes } from 'node:crypto';
import { Cleanup } from '../demo/parts';
import { DrillApi } from './api';
import type { ClusterArguments } from './arguments';
import type { Surroundings } from './onStage';
import { examplesOf, type FaultResult, linesOf, resultOf } from './result';
import { definedPlan, seenInTheEnd } from './round';
import { judge } from './verdict';
import { Witness } from './witness';

/** The last part of the load must be normal again; the fault is the user's, before it. */
const quietMs = 30_000;

/**
 * The load, the witness and the verdict on a cluster of the user's own, who makes the fault meanwhile. Its moment is not
 * known here: a take-over counts from the lost run's start, the work that it had done included.
 */
export async function drillOnCluster(given: ClusterArguments, around: Surroundings): Promise<FaultResult> {
  const { folder, signal, say } = around;
  const cleanup = new Cleanup();
  const { host, port } = given.witness;
  try {
    const api = new DrillApi(() => [given.url], given.token, signal);
    await api.assertDrillKind();
    const witness = await Witness.start({ folder, addresses: ['0.0.0.0'], port });
    cleanup.add('witness', () => witness.stop());
    const witnessUrl = `http://${host}:${port}/`;
    const tidy = new DrillApi(() => [given.url], given.token, new AbortController().signal);
    const plan = await definedPlan(
      { api, witnessUrl },
      `drill-${randomBytes(3).toString('hex')}`,
      given.seconds,
      made => cleanup.add('jobs', () => tidy.remove(made)),
    );
    say(`${plan.jobs.length} jobs on ${given.url} call ${witnessUrl} for ${given.seconds} s.`);
    say(`Make your fault now, and end it ${quietMs / 1000} s before the end at ${new Date(plan.endAt).toISOString()}.`);
    const seen = await seenInTheEnd(plan, { api, witness, witnessUrl, signal });
    const fault = { at: null, endAt: plan.endAt - quietMs };
    const verdict = judge({ plan, ...seen, fault });
    for (const line of examplesOf(verdict)) say(line);
    const result = resultOf('none', [verdict], Math.max(...plan.jobs.map(job => job.workMs)));
    for (const line of linesOf(result)) say(line);
    return result;
  } finally {
    for (const problem of await cleanup.run()) say(problem);
  }
}
