import { fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { z } from 'zod';
import { runModel } from '../../../app/model/run';
import { serveWith } from '../cluster/serve';
import { Stage } from '../cluster/stage';
import { until } from '../subject/process';

const reportSchema = z.object({ won: z.number(), firstAt: z.number(), lastAt: z.number() });
/** Processes are started and their jobs planned within this span. */
const leadMs = 6000;
/** Instants before the one that is counted: code and driver of a process that has run for a while are compiled. */
const uncounted = 2;
const apartMs = 12_000;
/** So long behind an instant its runs have ended: their jobs are free for the next one. */
const endMs = 9000;
const limitMs = 90_000;

/** So many processes, each a host's timekeeper and claims, or inserts alone; all begin at the same instants. */
serveWith('claims', async ({ mongodbUrl, occurrences, hosts, mode }, started) => {
  const stage = await started.add(new Stage(mongodbUrl), one => one.close()).prepare();
  const first = Math.ceil((Date.now() + leadMs) / 1000) * 1000;
  const earlier = Array.from({ length: uncounted }, (_, index) => first + index * apartMs);
  const at = first + uncounted * apartMs;
  const many = mode === 'one' ? 1 : hosts;
  const names = Array.from({ length: many }, (_, index) => `host-${index}`);
  const children = names.map(host => {
    const task = { url: stage.url, host, hosts: names, occurrences, at, earlier, apartMs, mode };
    const child = fork(path.join(__dirname, 'claimHost.js'), [JSON.stringify(task)], { execArgv: [] });
    return started.add(child, async one => one.kill('SIGKILL'));
  });
  const signal = AbortSignal.timeout(limitMs);
  const reported = children.map(async child => reportSchema.parse((await once(child, 'message', { signal }))[0]));
  const runs = stage.database.collection(runModel);
  const ending = (async () => {
    for (const instant of earlier) {
      await until(instant + endMs);
      await runs.updateMany({}, { $set: { state: 'succeeded' }, $unset: { slot: '' } });
    }
  })();
  const [reports] = await Promise.all([Promise.all(reported), ending]);
  const stored = await runs.countDocuments({ scheduledAt: new Date(at) });
  const won = reports.reduce((sum, report) => sum + report.won, 0);
  const lastAt = Math.max(...reports.map(report => report.lastAt));
  return {
    figures: {
      claimsPerSecond: (occurrences / (lastAt - at)) * 1000,
      lastMs: lastAt - at,
      missed: occurrences - stored,
      wonTwice: won - stored,
    },
  };
});
