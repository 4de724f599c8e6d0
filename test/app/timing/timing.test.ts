import { afterEach, describe, expect, it } from 'vitest';
import { Metrics } from '../../../app/cluster/metrics';
import type { Job } from '../../../app/domain/job/types';
import type { Labels } from '../../../app/domain/message/types';
import { occurrenceId } from '../../../app/domain/run/occurrence';
import { anywhere, placedOn } from '../../../app/domain/run/placement';
import { timetable } from '../../../app/domain/schedule';
import type { RunHint } from '../../../app/ipc/messages';
import { jobModel } from '../../../app/model/definition';
import { settlementModel } from '../../../app/model/settlement';
import { Calendars } from '../../../app/repository/calendars';
import { Jobs } from '../../../app/repository/jobs';
import { Runs } from '../../../app/repository/runs';
import { Settlements } from '../../../app/repository/settlements';
import { Timing } from '../../../app/timing/timing';
import { useDatabase } from '../../support/database';
import { eventually } from '../../support/eventually';
import { RecordedLog } from '../../support/log';
import { runsOf } from '../../support/runRecords';
import { storeJob } from '../../support/storedJob';

const { database } = useDatabase();
const jobs = new Jobs(database);
const runs = new Runs(database, 30);
const settlements = new Settlements(database, jobs, { misfireHorizonMs: 86_400_000, runRetentionDays: 30 });
const everyTen = { everyMs: 10_000, anchorAt: new Date(0) };
const everySecond = { everyMs: 1000, anchorAt: new Date(0) };
const downMs = 300_000;
/** The time of all hosts here; a test may step it. */
const time = { offsetMs: 0 };
const now = () => Date.now() + time.offsetMs;
const started: Timing[] = [];

afterEach(async () => {
  await Promise.all(started.splice(0).map(timing => timing.stop()));
  time.offsetMs = 0;
  for (const model of [jobModel, settlementModel]) await database.collection(model).deleteMany({});
});

/** Claims what is announced, as the workers of a host do, for as long as they are up. */
async function claim(hints: readonly RunHint[], hostId: string): Promise<void> {
  const inTime = hints.filter(hint => hint.claimUntil >= now());
  const [member, claimedAt] = [`${hostId}:1:x`, new Date(now())];
  await runs.claim(
    inTime.map(({ job, revision, at, onLost, placement = anywhere }) => {
      const scheduledAt = new Date(at);
      const placed = placedOn(hostId, placement);
      const id = occurrenceId(job, scheduledAt, placed.boundTo);
      const base = { id, job, jobRevision: revision, scheduledAt, claimedAt, onLost, member, hostId, ...placed };
      return { ...base, trigger: 'schedule', overlap: 'allow' };
    }),
  );
}

const noLabels: Record<string, Labels> = {};

/** A host that starts now, with the real repositories. */
async function startHost({ hostId = 'a', hosts = ['a'], labels = noLabels, draining = false } = {}) {
  const log = new RecordedLog();
  const state = { woken: 0, draining, announced: 0, claims: Promise.resolve() };
  const timing = new Timing(
    {
      hostId,
      clock: { now: () => new Date(now()) },
      ready: async () => true,
      hostLabels: labels[hostId] ?? {},
      hosts: () => hosts,
      labelsOf: host => labels[host] ?? {},
      draining: () => state.draining,
      jobs,
      calendars: new Calendars(database),
      runs,
      settlements,
      announce: batch => {
        state.announced += batch.length;
        state.claims = state.claims.then(() => claim(batch, hostId));
      },
      wakeRuns: () => {
        state.woken += 1;
      },
      definitionsSeenAt: now,
      metrics: new Metrics(),
      log,
    },
    { standbyMs: 300, reannounceMs: 1000, misfireHorizonMs: 86_400_000 },
  );
  started.push(timing);
  await timing.planner.loadAll();
  timing.start();
  return { timing, log, state };
}

async function recordsOf(job: Job) {
  const stored = (await runsOf(database, job.name)).filter(run => run.job === job.name);
  const queued = stored.filter(run => run.state === 'queued').map(run => run.scheduledAt.getTime());
  const told = stored.reduce((sum, run) => sum + (run.count ?? 1), 0);
  return { stored, told, queued: queued.sort((a, b) => a - b) };
}

/** Every occurrence in [from, until] has exactly one record, its own or a place in that of a span. */
async function allTold(job: Job, from: number, until: number): Promise<boolean> {
  const stored = (await recordsOf(job)).stored.filter(run => run.scheduledAt.getTime() <= until);
  const told = stored.reduce((sum, run) => sum + (run.count ?? 1), 0);
  return told === timetable(job.schedule).count(from - 1, until);
}

const downJob = (name: string, over: Partial<Job>) =>
  storeJob(database, { name, schedule: everyTen, plannedFromAt: new Date(now() - downMs), ...over });

describe('a host that comes back after five minutes', () => {
  it('decides by each job’s misfire policy, once, also when two hosts come back together', async () => {
    const from = now() - downMs;
    const policies = [
      await downJob('down-skip', { misfire: 'skip' }),
      await downJob('down-last', { misfire: 'last' }),
      await downJob('down-all', { misfire: 'all', misfireLimit: 4 }),
    ];
    const before = now() - 16_000;
    const back = await Promise.all(['a', 'b'].map(hostId => startHost({ hostId, hosts: ['a', 'b'] })));
    for (const job of policies) await eventually(`all of ${job.name}`, () => allTold(job, from, before), 8000);
    const queued = await Promise.all(policies.map(async job => (await recordsOf(job)).queued));
    expect(queued.map(times => times.length)).toEqual([0, 1, 4]);
    const newest = timetable(everyTen).previous(before + 1) ?? 0;
    expect(queued[1]?.at(0)).toBeGreaterThanOrEqual(newest);
    expect(queued[2]?.map(at => at - (queued[2]?.[0] ?? 0))).toEqual([0, 10_000, 20_000, 30_000]);
    expect(back.reduce((sum, { state }) => sum + state.woken, 0)).toBeGreaterThan(0);
    expect(back.flatMap(({ log }) => log.lines.filter(line => line.level !== 'info'))).toEqual([]);
  });

  it('asks nothing about what the rest of the cluster has recorded meanwhile', async () => {
    const job = await downJob('lived', { misfire: 'all' });
    await settlements.moveCheckpoint(new Date(now() - 20_000), 'a');
    await startHost();
    await eventually('the rest is told', () => allTold(job, now() - 19_000, now() - 16_000), 8000);
    const { stored } = await recordsOf(job);
    expect(Math.min(...stored.map(run => Number(run.scheduledAt)))).toBeGreaterThan(now() - 40_000);
  });
});

describe('several hosts', () => {
  const labels = { a: { zone: 'eu' }, b: { zone: 'eu' }, c: { zone: 'us' } };
  const startAll = (hostIds: readonly string[]) =>
    Promise.all(hostIds.map(hostId => startHost({ hostId, hosts: ['a', 'b', 'c'], labels })));
  const hostsOf = async (job: Job) => new Set((await recordsOf(job)).stored.map(run => run.hostId));

  it('run what asks for labels on those that have them, spread as always', async () => {
    const plannedFromAt = new Date(now());
    const placement = { on: 'one' as const, hostLabels: { zone: 'eu' } };
    const placed = await Promise.all(
      Array.from({ length: 12 }, (_, index) =>
        storeJob(database, { name: `eu-${index}`, schedule: everySecond, plannedFromAt, placement }),
      ),
    );
    await startAll(['a', 'b', 'c']);
    await eventually('all run', async () => {
      const told = await Promise.all(placed.map(async job => (await recordsOf(job)).told));
      return Math.min(...told) >= 2;
    });
    const hosts = await Promise.all(placed.map(hostsOf));
    expect(new Set(hosts.flatMap(one => [...one]))).toEqual(new Set(['a', 'b']));
  });

  it('decide each for itself what they missed of what every host runs; one that is new has missed nothing', async () => {
    const placement = { on: 'every-host' as const, hostLabels: {} };
    const job = await downJob('everywhere', { misfire: 'all', misfireLimit: 3, placement });
    await settlements.hostCheckpoint('a', new Date(now() - downMs));
    await settlements.moveCheckpoint(new Date(now() - 60_000), 'b');
    await startAll(['a', 'b', 'c']);
    const of = async (hostId: string) => (await recordsOf(job)).stored.filter(run => run.hostId === hostId);
    const toldOf = async (hostId: string) => (await of(hostId)).reduce((sum, run) => sum + (run.count ?? 1), 0);
    await eventually('a and b have told', async () => (await toldOf('a')) >= 29 && (await toldOf('b')) >= 5, 8000);
    expect((await of('a')).filter(run => run.state === 'queued')).toHaveLength(3);
    expect(Math.min(...(await of('b')).map(run => Number(run.scheduledAt)))).toBeGreaterThan(now() - 80_000);
    expect((await of('c')).filter(run => Number(run.scheduledAt) < now() - 15_000)).toEqual([]);
  });
});

describe('a host that takes no work', () => {
  it('announces nothing and decides about nothing missed; afterwards it goes on at once, and decides once about all', async () => {
    const missed = await downJob('drained-last', { misfire: 'last' });
    const often = await storeJob(database, {
      name: 'drained-often',
      schedule: everySecond,
      plannedFromAt: new Date(now()),
      misfire: 'last',
    });
    const { timing, state } = await startHost({ draining: true });
    await eventually('three have come due', () => now() - often.plannedFromAt.getTime() > 3500);
    expect(timing.behindMs()).toBeLessThan(1000);
    expect(state.announced).toBe(0);
    for (const job of [missed, often]) expect((await recordsOf(job)).stored).toEqual([]);
    state.draining = false;
    await eventually('what is in its grace runs', async () => (await recordsOf(often)).told >= 3, 3000);
    const { queued } = await eventually('what was missed is decided', async () => {
      const records = await recordsOf(missed);
      return records.told > 25 && records;
    });
    expect(queued).toHaveLength(1);
  });

  it('leave alone, while they are drained, what every host runs, and decide about it when that ends', async () => {
    const placement = { on: 'every-host' as const, hostLabels: {} };
    const plannedFromAt = new Date(now());
    const job = await storeJob(database, {
      name: 'drained',
      schedule: everySecond,
      misfire: 'skip',
      plannedFromAt,
      placement,
    });
    const { timing, state } = await startHost();
    state.draining = true;
    time.offsetMs = 40_000;
    timing.clockMeasured();
    await expect(eventually('anything is told', async () => (await recordsOf(job)).told > 1, 1500)).rejects.toThrow();
    state.draining = false;
    await eventually('all is told', async () => (await recordsOf(job)).told >= 24, 8000);
    const missed = (await recordsOf(job)).stored.filter(run => run.reason === 'misfire');
    expect(missed.length).toBeGreaterThan(0);
    expect(new Set((await recordsOf(job)).stored.map(run => run.hostId))).toEqual(new Set(['a']));
  });
});

describe('clocks', () => {
  it.each([
    ['the machine was suspended for five minutes', downMs],
    ['the clock jumps an hour ahead', 3_600_000],
  ])('tell of every occurrence exactly once when %s', async (_, stepMs) => {
    const from = now();
    const job = await storeJob(database, {
      name: `step-${stepMs}`,
      schedule: everySecond,
      plannedFromAt: new Date(from),
    });
    const { timing } = await startHost();
    await eventually('it runs', async () => (await recordsOf(job)).told >= 2);
    time.offsetMs = stepMs;
    timing.clockMeasured();
    const missedUntil = now() - 16_000;
    await eventually('everything is told', () => allTold(job, from, missedUntil), 10_000);
    const { queued, stored } = await recordsOf(job);
    expect(queued).toHaveLength(1);
    expect(stored.filter(run => run.count !== undefined)).toHaveLength(1);
    const steppedAt = missedUntil + 16_000;
    await eventually('what was in its grace is told', () => allTold(job, from, steppedAt), 10_000);
  });

  it('make nothing run twice when they are set back an hour', async () => {
    time.offsetMs = 3_600_000;
    const job = await storeJob(database, { name: 'back', schedule: everySecond, plannedFromAt: new Date(now()) });
    const { timing } = await startHost();
    await eventually('it runs', async () => (await recordsOf(job)).told >= 3);
    time.offsetMs = 0;
    timing.clockMeasured();
    const { told } = await recordsOf(job);
    const other = { name: 'later', schedule: everySecond, plannedFromAt: new Date(now()) };
    const later = await storeJob(database, other);
    await timing.planner.loadOne('job', later.name);
    await eventually('another job runs by the new time', async () => (await recordsOf(later)).told >= 3);
    expect((await recordsOf(job)).told).toBeLessThanOrEqual(told + 1);
  });
});

describe('a pause', () => {
  it('of a month at one run a second leaves one record, within seconds', async () => {
    const idleSinceAt = new Date(now() - 30 * 86_400_000);
    const paused = { note: 'sale', by: 'ops', at: idleSinceAt };
    const schedule = { cron: '* * * * * *', zone: 'Asia/Shanghai', dst: 'shift', repeated: 'first' } as const;
    const over = { schedule, paused, idleSinceAt, plannedFromAt: new Date(idleSinceAt.getTime() - 1000) };
    const job = await storeJob(database, { name: 'paused', ...over });
    await startHost();
    await eventually('the record', async () => (await recordsOf(job)).stored.length > 0, 3000);
    const { stored } = await recordsOf(job);
    expect(stored).toHaveLength(1);
    expect(stored[0]).toMatchObject({ state: 'skipped', reason: 'paused' });
    expect(stored[0]?.count).toBeGreaterThan(30 * 86_400 - 20);
    expect(stored[0]?.count).toBeLessThanOrEqual(30 * 86_400);
  });

  it('that came before anybody claimed what was due leaves a record of that too', async () => {
    const at = now();
    const job = await storeJob(database, {
      name: 'caught',
      schedule: { at: new Date(at) },
      plannedFromAt: new Date(at),
    });
    const { timing, state } = await startHost({ hosts: ['b', 'a'] });
    state.claims = new Promise(() => {});
    await eventually('it is followed', () => now() > at + 100);
    const idle = { revision: 2, paused: { note: '', by: 'ops', at: new Date(now()) }, idleSinceAt: new Date(now()) };
    await storeJob(database, { ...job, ...idle });
    await timing.planner.loadOne('job', job.name);
    await eventually('the record', async () => (await recordsOf(job)).stored.length > 0, 3000);
    expect((await recordsOf(job)).stored).toMatchObject([{ state: 'skipped', reason: 'paused' }]);
  });
});
