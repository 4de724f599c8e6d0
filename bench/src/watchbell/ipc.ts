import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { freePort } from '@watchbell/mongod';
import { z } from 'zod';
import { eventually } from '../../../tools/cluster/eventually';
import { childrenOf, kill } from '../../../tools/cluster/processes';
import { projectRoot, serveWith } from '../cluster/serve';
import { burstMs, taskVariable } from '../ipcApp/task';
import { median, percentile } from '../statistics';

const takenSchema = z.array(z.tuple([z.number(), z.number(), z.number()]));
const workers = 2;
const leadMs = 9000;
const limitMs = 60_000;

/** An Egg cluster whose agent and workers do only what W6 measures. */
serveWith('ipc', async ({ jobs, bursts, mode }, started) => {
  const folder = started.add(mkdtempSync(path.join(tmpdir(), 'wb-ipc-')), async one =>
    rmSync(one, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 }),
  );
  const results = path.join(folder, 'results');
  const firstAt = Math.ceil((Date.now() + leadMs) / burstMs) * burstMs;
  makeApp(folder, results);
  const task = { jobs, bursts: bursts + 1, mode, folder: results, firstAt };
  const cluster = {
    baseDir: folder,
    framework: path.join(projectRoot, 'node_modules/egg'),
    workers,
    port: await freePort(),
  };
  const starter = path.join(projectRoot, 'node_modules/egg-scripts/lib/start-cluster');
  const env = { ...process.env, NODE_ENV: 'production', EGG_SERVER_ENV: 'prod', [taskVariable]: JSON.stringify(task) };
  const master = spawn(process.execPath, [starter, JSON.stringify(cluster)], { env, stdio: 'ignore' });
  const { pid = 0 } = master;
  started.add(pid, async () => {
    for (const one of [pid, ...childrenOf(pid).map(child => child.pid)]) kill(one, 'SIGKILL');
  });
  const files = () => readdirSync(results).filter(name => name.endsWith('.json'));
  await eventually('both workers write', () => files().length === workers, limitMs);
  const taken = files().flatMap(name => takenSchema.parse(JSON.parse(readFileSync(path.join(results, name), 'utf8'))));
  // The first burst warms all of them up.
  return {
    figures: figuresOf(
      taken,
      jobs,
      Array.from({ length: bursts }, (_, index) => firstAt + (index + 1) * burstMs),
    ),
  };
});

function makeApp(folder: string, results: string): void {
  const compiled = (file: string) => JSON.stringify(path.join(__dirname, '../ipcApp', file));
  mkdirSync(results);
  mkdirSync(path.join(folder, 'config'));
  const write = (name: string, text: string) => writeFileSync(path.join(folder, name), text);
  write('package.json', JSON.stringify({ name: 'watchbell-bench-ipc' }));
  write('agent.js', `module.exports = require(${compiled('agent.js')}).default;`);
  write('app.js', `module.exports = require(${compiled('app.js')}).default;`);
  const dirs = { logger: { dir: path.join(folder, 'logs') }, rundir: path.join(folder, 'run') };
  write('config/config.default.js', `module.exports = ${JSON.stringify({ keys: 'bench', ...dirs })};`);
}

function figuresOf(taken: z.infer<typeof takenSchema>, jobs: number, instants: readonly number[]) {
  const lateness = instants.map(instant =>
    Float64Array.from(taken.filter(([at]) => at === instant).map(([at, when]) => when - at)).sort(),
  );
  const all = Float64Array.from(lateness.flatMap(one => [...one])).sort();
  const perSecond = lateness.map(one => (jobs / percentile(one, 1)) * 1000);
  return {
    perSecond: median(perSecond),
    p50Ms: percentile(all, 0.5),
    p99Ms: percentile(all, 0.99),
    maxMs: percentile(all, 1),
    missed: jobs * instants.length - all.length,
  };
}
