import type { Overlap } from '../../../app/domain/job/types';
import { occurrenceId } from '../../../app/domain/run/occurrence';
import { timetable } from '../../../app/domain/schedule';
import { type RunDoc, runModel } from '../../../app/model/run';
import { Backfills } from '../../../app/repository/backfills';
import { concluded } from '../../../app/repository/conclude';
import type { Database } from '../../../app/repository/database';
import { Jobs } from '../../../app/repository/jobs';
import { Members } from '../../../app/repository/members';
import { RunCancels } from '../../../app/repository/runCancels';
import type { NewRun } from '../../../app/repository/runDocument';
import { RunOwners, unfinishedRun } from '../../../app/repository/runOwners';
import { RunQueries } from '../../../app/repository/runQueries';
import { RunQueue } from '../../../app/repository/runQueue';
import { RunRequests } from '../../../app/repository/runRequests';
import { Runs } from '../../../app/repository/runs';
import { Settlements } from '../../../app/repository/settlements';
import type { Random } from '../../simulation/random';
import { jobOf } from '../../support/job';
import { storeJob } from '../../support/storedJob';
import { inOrder } from './alike';

/** One call of a repository, with everything that it is given drawn before. */
export type Step = (database: Database) => unknown;

// Far ahead: a real mongod takes away what has expired.
const start = Date.UTC(2097, 0, 1);
const everyTen = { everyMs: 10_000, anchorAt: new Date(0) };
const jobs = ['a', 'b', 'c.d'];
const members = ['host-a:1:x', 'host-b:2:y', '-'];
const hosts = ['host-a', 'host-b'];
const overlaps: Overlap[] = ['skip', 'queue', 'replace', 'allow'];
const at = (tens: number) => new Date(start + tens * 10_000);

/** The database as it stands decides what a step is about: both stand alike. */
export async function runSteps(random: Random, standing: Database): Promise<Record<string, Step>> {
  const stored = await standing.collection(runModel).find({}).sort({ _id: 1 }).toArray();
  const documents = stored.map(document => runModel.schema.parse(document));
  const some = documents.length === 0 ? null : random.pick(documents);
  const now = at(random.int(40));
  const area = random.int(10);
  if (area < 3 || some === null) return claims(random, now);
  if (area < 5) return ofRun(random, some, now);
  if (area < 7) return handing(random, some, now);
  if (area < 8) return lists(random);
  return area < 9 ? settling(random) : membership(random);
}

function drawnRun(random: Random, over: Partial<NewRun> = {}): NewRun {
  const job = random.pick(jobs);
  const scheduledAt = at(random.int(8));
  const requestKey = random.chance(0.2) ? `key-${random.int(3)}` : undefined;
  return {
    id: `${occurrenceId(job, scheduledAt)}${requestKey === undefined ? '' : '~m'}`,
    job,
    jobRevision: random.int(3),
    trigger: requestKey === undefined ? 'schedule' : 'manual',
    scheduledAt,
    claimedAt: at(random.int(20)),
    onLost: random.pick(['retry', 'close']),
    overlap: random.pick(overlaps),
    member: random.pick(members),
    hostId: random.pick(hosts),
    requestKey,
    ...over,
  };
}

function claims(random: Random, now: Date): Record<string, Step> {
  const batch = Array.from({ length: 1 + random.int(4) }, () => drawnRun(random));
  const one = drawnRun(random);
  const lanes = [`${one.job}~backfill~1`, `${one.job}~backfill~2`];
  const key = `key-${random.int(3)}`;
  return {
    claim: database => new Runs(database, 30).claim(batch),
    insertSkipped: database => new Runs(database, 30).insertSkipped(one, 'overlap', now),
    recorded: database => new Runs(database, 30).recorded(batch.map(run => run.id)),
    slotOwners: database => new Runs(database, 30).slotOwners(jobs),
    backfill: database => new Backfills(database, 30).queue(batch, lanes),
    done: database => new Backfills(database, 30).done(batch.map(run => run.id)),
    hasRequest: database => new RunRequests(database).has(key),
    findRequest: database => new RunRequests(database).find(key, now),
  };
}

function lists(random: Random): Record<string, Step> {
  const job = random.pick(jobs);
  const state: RunDoc['state'] = random.pick(['queued', 'running', 'skipped', 'succeeded']);
  const filter = { job: random.chance(0.5) ? job : undefined, state: random.chance(0.5) ? state : undefined };
  const span = random.chance(0.5) ? { from: at(random.int(8)), to: at(8 + random.int(30)) } : {};
  const after = [at(random.int(8)), `${job}@`] as const;
  const lane = random.pick([
    ...jobs,
    ...jobs.map(name => `${name}~backfill~1`),
    ...jobs.map(name => `${name}~catchup`),
  ]);
  return {
    list: database => new RunQueries(database).list({ ...filter, ...span }, 20, null),
    page: database => new RunQueries(database).list({ ...filter, ...span }, 3, after),
    members: async database => inOrder(await new RunOwners(database).unfinishedMembers()),
    lanes: async database => inOrder(await new RunQueue(database).lanes({ id: 'host-a', labels: {} })),
    busy: database => new RunQueue(database).busy([lane, ...jobs]),
    places: database => new RunQueue(database).places(lane),
  };
}

function ofRun(random: Random, { _id: id, fence, member }: RunDoc, now: Date): Record<string, Step> {
  const known = random.chance(0.8) ? fence : fence - 1;
  const who = random.chance(0.8) ? member : random.pick(members);
  const error = { code: 'failed', message: '$n of it' };
  return {
    start: database => new Runs(database, 30).start([{ id, fence: known }], who, now),
    end: database => new Runs(database, 30).end(id, known, { state: 'failed', finishedAt: now, error }),
    skip: database => new Runs(database, 30).skip(id, known, 'paused', now),
    withdraw: database => new Runs(database, 30).withdraw(id, known, who),
    putBack: database => new Runs(database, 30).putBack({ id, fence: known }, who, { disk: 'ssd' }),
    retry: database => new Runs(database, 30).retry(id, known, now),
    byId: database => new RunQueries(database).byId(id),
    concluded: database => concluded(database, id, known),
    request: database => new RunCancels(database).request(id, 'me', now),
    cancelQueued: database => new RunCancels(database).cancelQueued(id, 'me', now),
    cancel: database => new RunCancels(database).close({ id, fence: known, by: 'me' }, now),
    giveWay: database => new RunQueue(database).giveWay({ id, fence: known }, now),
  };
}

function handing(random: Random, run: RunDoc, now: Date): Record<string, Step> {
  const seen = unfinishedRun(random.chance(0.8) ? run : { ...run, fence: run.fence - 1 });
  const to = { member: random.pick(members), hostId: random.pick(hosts), now };
  const lane = random.chance(0.5) ? (run.lanes?.[0] ?? run.job) : run.job;
  const job = random.pick(jobs);
  const since = at(random.int(3));
  return {
    takeOver: database => new RunOwners(database).takeOver(seen, { ...to, lostCount: 1 }),
    closeLost: database => new RunOwners(database).closeLost(seen, now),
    release: database => new RunOwners(database).release(seen, 2),
    unfinishedOf: async database => inOrder(await new RunOwners(database).unfinishedOf(members, 100)),
    requestedOf: async database => inOrder(await new RunCancels(database).requestedOf(run.member, 100)),
    promote: database => new RunQueue(database).promote(lane, to),
    expire: database => new RunQueue(database).expire(since, now),
    removeJob: database => new RunQueue(database).removeJob(job, 0, now),
  };
}

function settling(random: Random): Record<string, Step> {
  const name = random.pick(jobs);
  const now = at(random.int(60));
  const job = jobOf({
    name,
    schedule: everyTen,
    plannedFromAt: at(0),
    misfire: random.pick(['skip', 'last', 'all']),
    misfireLimit: 3,
    revision: random.int(2),
    overlap: random.pick(overlaps),
  });
  const boundTo = random.chance(0.3) ? random.pick(hosts) : undefined;
  const request = { job: name, revision: random.int(2), table: timetable(everyTen), now, boundTo };
  const skip = { job, at: at(random.int(8)).getTime(), reason: 'calendar' } as const;
  const idle = {
    job,
    span: { from: at(1).getTime(), to: at(1 + random.int(9)).getTime(), count: 1 + random.int(9), reason: 'paused' },
  } as const;
  const until = at(random.int(3));
  const settlements = (database: Database) =>
    new Settlements(database, new Jobs(database), { misfireHorizonMs: 86_400_000, runRetentionDays: 30 });
  return {
    storeJob: database => storeJob(database, job),
    job: database => new Jobs(database).current(jobs),
    settle: database => settlements(database).settle(request),
    settledUntil: database => settlements(database).settledUntil(jobs),
    checkpoint: database => settlements(database).checkpoint(),
    moveCheckpoint: database => settlements(database).moveCheckpoint(until, 'host-a'),
    recordSkips: database => settlements(database).recordSkips([skip], now),
    recordIdle: database => settlements(database).recordIdle([idle], now),
  };
}

function membership(random: Random): Record<string, Step> {
  const id = random.pick(members);
  const process = { machineBootId: null, pidNamespace: null, startTicks: null };
  const fields = {
    hostId: 'host-a',
    hostLabels: { 'a.b': '$x' },
    role: 'worker',
    pid: 1,
    masterPid: 2,
    process,
  } as const;
  const renewal = { suspended: random.chance(0.2), clockSkewMs: -1.5, appliedRevision: random.int(9) };
  const counter = 1 + random.int(3);
  return {
    register: async database => {
      await new Members(database).register({ id, ...fields, leaseMs: 10_000, appliedRevision: 0 }, 5000);
    },
    renew: async database => (await new Members(database).renew(id, renewal, 5000)) !== null,
    reportApplied: database => new Members(database).reportApplied(id, renewal.appliedRevision),
    live: async database => inOrder(await new Members(database).live()),
    all: database => new Members(database).all(),
    liveOf: database => new Members(database).liveOf(members),
    markDead: database => new Members(database).markDead(id, counter),
    leave: database => new Members(database).leave(id, 5000),
  };
}
