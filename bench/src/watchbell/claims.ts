import { fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { z } from 'zod';
import { runModel } from '../../../app/model/run';
import { serveWith } from '../cluster/serve';
import { Stage } from '../cluster/stage';

const reportSchema = z.object({ won: z.number(), firstAt: z.number(), lastAt: z.number() });
/** Processes are started and their jobs planned within this span. */
const leadMs = 6000;
/** Instants before the one that is counted: code and driver of a process that has run for a while are compiled. */
const uncounted = 2;
const apartMs = 10_000;
const limitMs = 90_000;

/** So many processes, each a host's timekeeper and claims, or inserts alone; all begin at the same instants. */
serveWith('claims', async ({ mongodbUrl, occurrences, hosts, mode }, started) => {
  const stage = await started.add(new Stage(mongodbUrl), one => one.close()).prepare();
  const first = Math.ceil((Date.now() + leadMs) / 1000) * 1000;
  const instants = Array.from({ length: uncounted + 1 }, (_, index) => first + index * apartMs);
  const at = first + uncounted * apartMs;
  const many = mode === 'one' ? 1 : hosts;
  const names = Array.from({ length: many }, (_, index) => `host-${index}`);
  const children = names.map(host => {
    const task = { url: stage.url, host, hosts: names, occurrences, instants, apartMs, mode };
    const child = fork(path.join(__dirname, 'claimHost.js'), [JSON.stringify(task)], { execArgv: [] });
    return started.add(child, async one => one.kill('SIGKILL'));
  });
  const signal = AbortSignal.timeout(limitMs);
  const reports = await Promise.all(
    children.map(async child => reportSchema.parse((await once(child, 'message', { signal }))[0])),
  );
  const stored = await stage.database.collection(runModel).countDocuments({ scheduledAt: new Date(at) });
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
