import { beforeAll, describe, expect, it } from 'vitest';
import { timetable } from '../../../app/domain/schedule';
import { runModel } from '../../../app/model/run';
import { Alerts } from '../../../app/repository/alerts';
import { Deliveries } from '../../../app/repository/deliveries';
import { Jobs } from '../../../app/repository/jobs';
import { Members } from '../../../app/repository/members';
import { Mutes } from '../../../app/repository/mutes';
import { Removals } from '../../../app/repository/removals';
import { Revisions } from '../../../app/repository/revisions';
import { RunCancels } from '../../../app/repository/runCancels';
import { RunEndings } from '../../../app/repository/runEndings';
import { RunOwners } from '../../../app/repository/runOwners';
import { type RunFilter, RunQueries } from '../../../app/repository/runQueries';
import { RunQueue } from '../../../app/repository/runQueue';
import { Runs } from '../../../app/repository/runs';
import { SelfObservations } from '../../../app/repository/selfObservations';
import { Settlements } from '../../../app/repository/settlements';
import { Subjects } from '../../../app/repository/subjects';
import { useDatabase } from '../../support/database';
import { executedFor, lookedAt, wasteful } from '../../support/queryPlans';
import { alertIdOf, nameOf, newRun, stored, storeHistory } from '../../support/storedHistory';

const { database } = useDatabase();
const [runs, jobs, alerts] = [new Runs(database, 30), new Jobs(database), new Alerts(database)];
const [owners, queue, cancels] = [new RunOwners(database), new RunQueue(database), new RunCancels(database)];
const [deliveries, mutes] = [new Deliveries(database, 86_400_000), new Mutes(database)];
const settlements = new Settlements(database, jobs, { misfireHorizonMs: 86_400_000, runRetentionDays: 30 });
const host = { id: 'a', labels: {} };
const now = new Date();
const dayAgo = new Date(now.getTime() - 86_400_000);
const names = Array.from({ length: 100 }, (_, index) => nameOf(index + 100));

beforeAll(() => storeHistory(database), 60_000);

/** Each of these by an index, looking at little more than it answers; `collections` says what was looked at at all. */
async function expectIndexed(collections: string[], ...works: (() => Promise<unknown>)[]): Promise<void> {
  const executed = [];
  for (const work of works) executed.push(...(await executedFor(database, work)));
  expect(wasteful(executed)).toEqual([]);
  expect(lookedAt(executed)).toEqual(collections);
}

describe('With a day of history stored, no question of a hot path reads a collection through, nor much more than it answers:', () => {
  it('the claim, the start and the end of a batch of runs', async () => {
    const batch = Array.from({ length: 100 }, (_, index) => newRun(stored.runs + 100 + index));
    const due = batch.map(run => ({ id: run.id, fence: 1 }));
    const fields = { state: 'succeeded' as const, outcome: null, error: null };
    await expectIndexed(
      ['jobs', 'runs', 'settlements'],
      () => runs.recorded(batch.map(run => run.id)),
      () => runs.claim(batch),
      () => runs.claim(batch),
      () => runs.slotOwners(names),
      () => jobs.current(names),
      () => jobs.current(names),
      () => settlements.settledUntil(names),
      () => runs.start(due, 'a:1:x', now),
      () =>
        new RunEndings(database).end(
          due.map(run => ({ ...run, fields })),
          now,
        ),
      () => runs.retry(newRun(1).id, 7, now),
      () => runs.withdraw(newRun(1).id, 7, 'a:1:x'),
      () => runs.skip(newRun(1).id, 7, 'paused', now),
      () => runs.insertSkipped(newRun(stored.runs + 700), 'overlap', now),
    );
  });

  it('every second look of a worker after runs: lost ones, waiting ones, cancelled ones', async () => {
    await expectIndexed(
      ['runs'],
      () => owners.unfinishedMembers(),
      () => owners.unfinishedOf(['a:1:x'], 500),
      () => owners.unfinishedFor('a', ['a:1:x'], 500),
      () => owners.unfinishedElsewhere('a', ['a:1:x'], 500),
      () => queue.lanes(host),
      () => queue.busy([nameOf(1), nameOf(2)]),
      () => queue.places(nameOf(3)),
      () => queue.promote(`${nameOf(12)}~catchup`, { member: 'a:1:x', hostId: 'a', now }),
      () => queue.expire(new Date(0), now),
      () => cancels.requestedOf('a:1:x', 100),
      () => cancels.request(newRun(2).id, 'me', now),
    );
  });

  it('the feed of definitions, on every member and after every change', async () => {
    const revisions = new Revisions(database);
    await expectIndexed(
      ['calendars', 'jobs'],
      () => revisions.changedNames('job', stored.jobs - 5),
      () => revisions.changedNames('calendar', 3),
      async () => {
        for await (const job of jobs.changedSince(stored.jobs - 5)) expect(job.deleted).toBe(false);
      },
      () => jobs.byName(nameOf(5)),
      () => new Removals(database).open(20),
    );
  });

  it('what was missed is settled', async () => {
    const schedule = { everyMs: 3_600_000, anchorAt: new Date(0) };
    const table = timetable(schedule, { startAt: null, endAt: null }, null);
    await expectIndexed(
      ['jobs', 'runs', 'settlements'],
      () => settlements.settle({ job: nameOf(7), revision: 8, table, now }),
      () => settlements.checkpoint(),
      () => settlements.hostCheckpoint('a', now),
      () => settlements.moveCheckpoint(dayAgo, 'a'),
    );
  });

  it('alerts are read for an evaluation, and their messages become deliveries', async () => {
    const series = [{ labels: {}, value: 3 }];
    await expectIndexed(
      ['alerts'],
      () => alerts.forEvaluation(nameOf(5), 1, { type: 'series', series }),
      () => alerts.ofOtherHosts(nameOf(5), 1, ['a']),
      () => alerts.open(nameOf(5), 1),
      () => alerts.withOutbox(50),
      () => alerts.pullOutbox(alertIdOf(1), [1]),
      () => new Subjects(database).alertStates([alertIdOf(1), alertIdOf(2)]),
    );
  });

  it('the way of a delivery: due, mutes, claim, neighbours, end; and what the end of a mute lets through', async () => {
    const subjects = new Subjects(database);
    await expectIndexed(
      ['deliveries', 'jobs', 'mutes'],
      () => deliveries.due(50),
      () => mutes.active(),
      () => mutes.active({ job: nameOf(3) }),
      () => subjects.labelsOf([nameOf(3)]),
      async () => {
        const [delivery] = await deliveries.due(1);
        if (delivery === undefined) throw new Error('no delivery is due');
        await deliveries.neighbours(delivery);
        await deliveries.heldInstead(delivery);
        await database.causally(session => deliveries.claim(delivery, 'a:1:x', session));
        await deliveries.finish({ _id: delivery._id, fence: 2 }, { transition: { to: 'sent' }, partsSent: 1 });
      },
      () => deliveries.sending(50),
      () => deliveries.countSending([nameOf(11)]),
      () => deliveries.heldByNone(['mute-1'], 50),
    );
  });

  it('/close and /open', async () => {
    await expectIndexed(
      ['mutes'],
      () => mutes.close([nameOf(900)], { forMs: 60_000 }, 'me'),
      () => mutes.open([nameOf(900)], 'me'),
      () => mutes.list({ active: true, limit: 20 }),
    );
  });

  it('the watch over Watchbell itself', async () => {
    const observations = new SelfObservations(database);
    await expectIndexed(
      ['alerts', 'channels', 'deliveries'],
      () => observations.backlog(dayAgo, []),
      () => observations.overdueDeliveries(new Date(0)),
      () => new Members(database).live(),
    );
  });

  const filters: Record<string, RunFilter> = {
    'without a filter': {},
    'of a job': { job: nameOf(30) },
    'in a state': { state: 'failed' },
    'under way': { state: 'running' },
    'of a host': { hostId: 'b' },
    'of an hour': { from: new Date(now.getTime() - 36_000_000), to: new Date(now.getTime() - 32_400_000) },
    'of a job, in a state': { job: nameOf(30), state: 'succeeded' },
    'of a job, on a host': { job: nameOf(30), hostId: 'a' },
    'of a job, of a day': { job: nameOf(30), from: dayAgo, to: now },
  };

  it.each(Object.entries(filters))('the history of runs %s, each page of it', async (_name, filter) => {
    const queries = new RunQueries(database);
    await expectIndexed(['runs'], async () => {
      const page = await queries.list(filter, 20, null);
      const last = page.at(-1);
      if (last !== undefined) await queries.list(filter, 20, [last.scheduledAt, last._id]);
    });
  });

  it('the history of deliveries and of alerts, each page of it, with each filter', async () => {
    const pages = async (filter: { channel?: string; state?: 'sent'; job?: string }) => {
      const { nextCursor } = await deliveries.list({ ...filter, limit: 20 });
      if (nextCursor !== null) await deliveries.list({ ...filter, limit: 20, cursor: nextCursor });
    };
    await expectIndexed(
      ['alerts', 'deliveries', 'transitions'],
      () => pages({}),
      () => pages({ channel: 'mail' }),
      () => pages({ state: 'sent' }),
      () => pages({ job: nameOf(5) }),
      () => alerts.list({ limit: 20 }),
      () => alerts.list({ limit: 20, state: 'firing' }),
      () => alerts.list({ limit: 20, job: nameOf(5) }),
      () => alerts.transitions(alertIdOf(3), { limit: 20 }),
    );
  });

  it('holds a question that has no index to that', async () => {
    const executed = await executedFor(database, () =>
      database.collection(runModel).find({ latenessMs: 7 }).limit(5).toArray(),
    );
    expect(wasteful(executed)).toHaveLength(1);
  });
});
