import { setTimeout as sleep } from 'node:timers/promises';
import { runModel } from '../../../app/model/run';
import type { Host } from '../../../tools/cluster/host';
import { steps } from '../cluster/pathSteps';
import { processorTimeMs } from '../cluster/processorTime';
import { serveWith } from '../cluster/serve';
import { Stage } from '../cluster/stage';
import { storeJobs } from '../cluster/storedJobs';
import { noOpJob } from './plannedJob';

const nameOf = (index: number) => `path-${String(index).padStart(6, '0')}`;

serveWith('path', async ({ mongodbUrl, mongodPid, loads, periods }, started) => {
  const stage = await started.add(new Stage(mongodbUrl), one => one.close()).prepare();
  const host = await stage.host('a').start();
  let stored = 0;
  const grow = async (jobs: number) => {
    const added = Array.from({ length: jobs - stored }, (_, index) => ({
      name: nameOf(stored + index),
      spec: noOpJob({}),
    }));
    stored = jobs;
    await storeJobs(stage.database, added);
  };
  const cpu = () => ({ node: processorTimeMs(host.pids()), mongod: processorTimeMs([mongodPid]) });
  return await steps({ loads, periods, grow, cpu, startsOf: (from, to) => startsOf(stage, host, from, to) });
});

/** From the event log, which is written right before the executor is called; and what the records say of the same time. */
async function startsOf(stage: Stage, host: Host, from: number, to: number) {
  await recorded(stage, from, to);
  // The log is written each second.
  await sleep(1500);
  const lateness: number[] = [];
  const ids: string[] = [];
  for (const { event, runId, latenessMs } of host.events()) {
    if (event !== 'run.started' || typeof runId !== 'string' || typeof latenessMs !== 'number') continue;
    const at = Date.parse(runId.slice(runId.indexOf('@') + 1));
    if (at < from || at >= to) continue;
    lateness.push(latenessMs);
    ids.push(runId);
  }
  return { lateness, ids };
}

const endMs = 60_000;

/** Waits until nothing of this span is unfinished. */
async function recorded({ database }: Stage, from: number, to: number): Promise<void> {
  const runs = database.collection(runModel);
  const unfinished = {
    state: { $in: ['queued', 'running'] },
    scheduledAt: { $gte: new Date(from), $lt: new Date(to) },
  };
  const deadline = performance.now() + endMs;
  while ((await runs.countDocuments(unfinished)) > 0) {
    if (performance.now() > deadline) throw new Error('Runs did not end.');
    await sleep(200);
  }
}
