import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunDoc } from '../../app/model/run';
import { type Host, uniqueHostId } from '../support/cluster';
import { ClusterWorld } from '../support/clusterWorld';
import { eventually } from '../support/eventually';
import { Load } from '../support/load';
import { OwnMongod } from '../support/ownMongod';

/** Each check takes so long, so that an outage finds some in flight. */
const workMs = 2000;
const graceMs = 15_000;
/** So long a load runs before MongoDB is away. */
const runMs = 3000;
/** After MongoDB's return a member renews, and what had no record is announced again, at the latest within this span. */
const settleMs = 5000;
let mongod: OwnMongod;
let numbers: OwnMongod;
let world: ClusterWorld;
let host: Host;

beforeAll(async () => {
  [mongod, numbers] = await Promise.all([OwnMongod.start(), OwnMongod.start()]);
  world = await new ClusterWorld(mongod.url, numbers.url).prepare();
  host = await world.host('a').start();
  await world.defineNumbers();
  await numbers.delay({ commands: ['aggregate'], namespace: world.numbersNamespace, ms: workMs });
}, 90_000);

afterAll(async () => {
  mongod?.node.resume();
  await world?.close();
  await numbers?.stop();
  await mongod?.stop();
}, 60_000);

interface Answer {
  what: string;
  status: number;
  retryAfter: unknown;
  ms: number;
}

interface Outage {
  load: Load;
  from: number;
  to: number;
  /** When the host was ready again. */
  readyAt: number;
  pidsBefore: number[];
  pidsAfter: number[];
  /** Every answer of the API in between. */
  answers: Answer[];
  /** Runs that were being executed when it began. */
  inFlight: RunDoc[];
  /** Every run of the load in the end. */
  runs: RunDoc[];
}

/** Five occurrences a second; of the first three jobs a lost run is run again, of the others closed. */
async function outage(name: string, awayMs: number, end: () => Promise<void> | void, back: () => Promise<void> | void) {
  const seconds = (runMs + awayMs + 5000) / 1000;
  const over = (index: number) => ({ overlap: 'allow', onLost: index < 3 ? 'retry' : 'close' });
  const load = await new Load(world, { name, jobs: 5, seconds, over, leadMs: 4000 }).begin(runMs);
  const pidsBefore = processesOf(host);
  const inFlight = (await load.records()).filter(run => run.state === 'running' && run.startedAt !== null);
  await end();
  const from = Date.now();
  const answers = await askUntil(from + awayMs);
  const to = Date.now();
  await back();
  await eventually('ready again', () => host.isReady(), 15_000);
  const readyAt = Date.now();
  const runs = await settled(load, readyAt);
  return { load, from, to, readyAt, pidsBefore, pidsAfter: processesOf(host), answers, inFlight, runs };
}

function processesOf({ masterPid, agentPid, workerPids }: Host): number[] {
  return [masterPid, agentPid.call(host), ...workerPids.call(host)];
}

/** Asks as clients do, over and over, until this time. */
async function askUntil(until: number): Promise<Answer[]> {
  const requests: [string, string, unknown?][] = [
    ['GET', '/healthz'],
    ['GET', '/readyz'],
    ['GET', '/api/v1/jobs'],
    ['PUT', '/api/v1/jobs/other', { ...world.check('other'), enabled: false }],
    ['POST', '/close?name=other&for=1h'],
  ];
  const answers: Answer[] = [];
  while (Date.now() < until - 4000) {
    const round = requests.map(async ([method, path, body]) => {
      const startedAt = performance.now();
      const { status, headers } = await world.client(host).send(method, path, body);
      const ms = performance.now() - startedAt;
      answers.push({ what: `${method} ${path}`, status, retryAfter: headers['retry-after'], ms });
    });
    await Promise.all([...round, sleep(1000)]);
  }
  await sleep(until - Date.now());
  return answers;
}

/** Every record, once the last occurrence has one and none is open any more. */
async function settled(load: Load, readyAt: number): Promise<RunDoc[]> {
  await sleep(Math.max(load.endAt, readyAt + settleMs) - Date.now());
  return await eventually('every run has ended', async () => {
    const runs = await load.records();
    return runs.every(run => run.finishedAt !== null) && runs;
  });
}

const secondsIn = (run: { scheduledAt: Date }, { from }: Outage) => (run.scheduledAt.getTime() - from) / 1000;

function expectStableProcesses(found: Outage): void {
  expect(found.pidsAfter).toEqual(found.pidsBefore);
  expect(host.complaints()).not.toMatch(/unhandled|uncaught|TypeError|ReferenceError|RangeError/i);
}

function expectRefusals({ answers }: Outage): void {
  expect(host.events().filter(event => event['event'] === 'http.failed')).toEqual([]);
  const of = (what: string) => answers.filter(answer => answer.what.endsWith(what));
  expect(new Set(of('/healthz').map(answer => answer.status))).toEqual(new Set([200]));
  const others = answers.filter(answer => !answer.what.endsWith('/healthz'));
  expect(others.filter(answer => answer.status !== 503 || !(Number(answer.retryAfter) > 0))).toEqual([]);
  expect(others.length).toBeGreaterThan(4);
  expect(Math.max(...answers.map(answer => answer.ms))).toBeLessThan(4000);
}

/** What was due within graceMs of the return has run, and everything after it. */
function expectNothingYoungMissed(found: Outage): void {
  const recorded = new Set(found.runs.map(run => run._id));
  const youngFrom = found.readyAt + settleMs - graceMs;
  const due = found.load.occurrences().filter(id => Date.parse(id.split('@')[1] ?? '') > youngFrom);
  expect(due.filter(id => !recorded.has(id))).toEqual([]);
  const beforehand = found.load.occurrences().filter(id => Date.parse(id.split('@')[1] ?? '') < found.from - 1000);
  expect(beforehand.filter(id => !recorded.has(id))).toEqual([]);
}

const isMissed = (run: RunDoc) => run.state === 'skipped' && run.reason === 'misfire';
const closes = (run: RunDoc) => Number(run.job.split('-')[1]) >= 3;

describe('MongoDB that stops answering for 10 s', () => {
  let found: Outage;
  beforeAll(async () => {
    found = await outage(
      'silent',
      10_000,
      () => mongod.node.pause(),
      () => mongod.node.resume(),
    );
  }, 90_000);

  it('crashes nothing and leaves no promise unhandled', () => expectStableProcesses(found));

  it('makes the API answer 503 with Retry-After within 4 s, and /readyz 503', () => expectRefusals(found));

  it('misses nothing that is due within the grace of its jobs', () => expectNothingYoungMissed(found));

  it('leaves each run that it cut off to its onLost', () => {
    expect(found.inFlight.length).toBeGreaterThan(0);
    const after = found.runs.filter(run => found.inFlight.some(one => one._id === run._id));
    // A commit that was sent before the silence may land after it: then the run has succeeded as it was.
    for (const run of after) expect(closes(run) ? ['lost', 'succeeded'] : ['succeeded']).toContain(run.state);
    expect(found.runs.filter(run => !closes(run) && run.state !== 'succeeded')).toEqual([]);
  });
});

describe('MongoDB that is killed and comes back after 40 s', () => {
  let found: Outage;
  let late: Host;
  const lateWas: string[] = [];

  beforeAll(async () => {
    const rareAt = Math.ceil(Date.now() / 1000) * 1000 + 12_000;
    await world.setNumber('rare', 1);
    const rare = { schedule: { everyMs: 60_000, anchorAt: new Date(rareAt).toISOString() } };
    await world.api.must('PUT', '/api/v1/jobs/rare-0', world.check('rare', rare));
    late = world.host(uniqueHostId('late'), { workers: 1 });
    found = await outage(
      'killed',
      40_000,
      async () => {
        await mongod.node.kill();
        void startLate();
      },
      () => mongod.node.restart(),
    );
  }, 150_000);

  /** A server that is started meanwhile: what it answers as long as MongoDB is away. */
  async function startLate(): Promise<void> {
    await sleep(5000);
    await late.launch();
    await eventually('the late server answers', () => fetch(`${late.url}/healthz`), 20_000);
    const paths = ['/healthz', '/readyz'];
    for (const path of paths) lateWas.push(`${path} ${(await fetch(`${late.url}${path}`)).status}`);
  }

  it('crashes nothing and leaves no promise unhandled', () => expectStableProcesses(found));

  it('makes the API answer 503 with Retry-After within 4 s, and /readyz 503', () => expectRefusals(found));

  it('misses nothing that is due within the grace of its jobs', () => expectNothingYoungMissed(found));

  it('makes up for the last one that each job missed, and for no more', () => {
    const long = found.runs.filter(run => secondsIn(run, found) > 1 && secondsIn(run, found) < 20);
    expect(long.filter(run => !isMissed(run))).toEqual([]);
    const late = found.runs.filter(run => run.scheduledAt.getTime() < found.to - graceMs && !isMissed(run));
    const madeUp = late.filter(run => secondsIn(run, found) > 1);
    for (let index = 0; index < 5; index += 1) {
      const ofJob = madeUp.filter(run => run.job === `killed-${index}`);
      expect(ofJob.length).toBeLessThanOrEqual(Math.ceil((found.readyAt - found.to) / 1000) + 1);
    }
  });

  it('tells of every occurrence what became of it: what did not run is counted as missed', async () => {
    const all = await eventually('each is told of', async () => {
      const runs = await found.load.records();
      const told = runs.reduce((sum, run) => sum + (run.count ?? 1), 0);
      return told === found.load.occurrences().length && runs;
    });
    const missed = all.filter(isMissed).reduce((sum, run) => sum + (run.count ?? 1), 0);
    expect(missed).toBeGreaterThan(5 * 15);
  });

  it('makes up for the one occurrence of a rare job', async () => {
    const runs = await eventually('it has run', async () => {
      const { items } = await world.api.must('GET', '/api/v1/runs?job=rare-0');
      return Array.isArray(items) && items.length === 1 && items[0].state === 'succeeded' && items;
    });
    expect(Date.parse(runs[0].scheduledAt)).toBeLessThan(found.to - graceMs);
    expect(runs[0].latenessMs).toBeGreaterThan(graceMs);
  });

  it('leaves each run that it cut off to its onLost', () => {
    const after = found.runs.filter(run => found.inFlight.some(one => one._id === run._id) && run.fence > 1);
    expect(after.some(run => closes(run))).toBe(true);
    expect(after.some(run => !closes(run))).toBe(true);
    for (const run of after) {
      if (closes(run)) expect(run).toMatchObject({ state: 'lost', error: { code: 'memberLost' } });
      else expect(run).toMatchObject({ state: 'succeeded', fence: 2, lostCount: 1 });
    }
    expect(found.runs.filter(run => !closes(run) && !isMissed(run) && run.state !== 'succeeded')).toEqual([]);
  });

  it('lets a server come up meanwhile, not ready, and become ready with its return', async () => {
    expect(lateWas).toEqual(['/healthz 200', '/readyz 503']);
    await eventually('the late server is ready', () => late.isReady(), 15_000);
    expect(late.complaints()).not.toMatch(/unhandled|uncaught/i);
    const { members } = await world.client(late).must('GET', '/api/v1/cluster');
    const own = Array.isArray(members) ? members.filter(one => one.hostId === late.options.hostId) : [];
    expect(own.map(one => `${one.role} ${one.state}`).sort()).toEqual(['agent live', 'worker live']);
  });
});
