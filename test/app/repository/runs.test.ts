import { afterAll, describe, expect, it } from 'vitest';
import { FenceLostError } from '../../../app/domain/run/errors';
import { occurrenceId } from '../../../app/domain/run/occurrence';
import { runModel } from '../../../app/model/run';
import { conclude } from '../../../app/repository/conclude';
import { RunCancels } from '../../../app/repository/runCancels';
import type { NewRun } from '../../../app/repository/runDocument';
import { RunOwners } from '../../../app/repository/runOwners';
import { Runs } from '../../../app/repository/runs';
import { useDatabase } from '../../support/database';
import { LostAnswer } from '../../support/lostAnswer';

const testDatabase = useDatabase();
const { database } = testDatabase;
const runs = new Runs(database, 30);
const owners = new RunOwners(database);
const cancels = new RunCancels(database);
let jobs = 0;

/** A claim of a job of its own, so that tests do not meet. */
function newRun(over: Partial<NewRun> = {}): NewRun {
  jobs += 1;
  const job = over.job ?? `job-${jobs}`;
  const scheduledAt = over.scheduledAt ?? new Date('2026-01-01T00:00:00Z');
  return {
    id: occurrenceId(job, scheduledAt),
    job,
    jobRevision: 1,
    scheduledAt,
    claimedAt: new Date('2026-01-01T00:00:00.020Z'),
    onLost: 'retry',
    trigger: 'schedule',
    overlap: 'skip',
    member: 'host-a:1:x',
    hostId: 'host-a',
    ...over,
  };
}

async function stored(id: string) {
  return runModel.schema.parse(await database.collection(runModel).findOne({ _id: id }));
}

describe('Runs.claim', () => {
  it('gives each occurrence to exactly one of many members that claim the same batch', async () => {
    const batch = Array.from({ length: 200 }, () => newRun());
    const members = ['a', 'b', 'c', 'd'];
    const results = await Promise.all(members.map(member => runs.claim(batch.map(run => ({ ...run, member })))));
    const won = results.flatMap(result => result.won);
    expect(won).toHaveLength(200);
    expect(new Set(won).size).toBe(200);
    expect(results.flatMap(result => result.lost)).toHaveLength(600);
    expect(results.flatMap(result => result.busy)).toEqual([]);
  });

  it('tells a busy job from an occurrence that another member has', async () => {
    const first = newRun();
    await runs.claim([first]);
    const later = new Date(first.scheduledAt.getTime() + 1000);
    const second = { ...first, scheduledAt: later, id: occurrenceId(first.job, later) };
    expect(await runs.claim([first, second])).toEqual({ won: [], lost: [first.id], busy: [second.id] });
  });

  it('lets runs of one job run beside each other where overlap is allowed', async () => {
    const first = newRun({ overlap: 'allow' });
    const later = new Date(first.scheduledAt.getTime() + 1000);
    const second = { ...first, scheduledAt: later, id: occurrenceId(first.job, later) };
    expect((await runs.claim([first, second])).won).toHaveLength(2);
  });

  it('frees the job when its run has ended', async () => {
    const first = newRun();
    await runs.claim([first]);
    expect(await runs.end(first.id, 1, { state: 'succeeded', finishedAt: new Date() })).toBe(true);
    const later = new Date(first.scheduledAt.getTime() + 1000);
    expect((await runs.claim([{ ...first, scheduledAt: later, id: occurrenceId(first.job, later) }])).won).toHaveLength(
      1,
    );
  });
});

describe('a claim whose answer is lost', () => {
  const { url } = testDatabase;
  const options = { name: 'unused', operationMs: 10_000, serverSelectionMs: 3000, appName: 'test' };
  const faulty = new LostAnswer({ url, ...options });
  afterAll(() => faulty.close());

  it.each([
    ['won where it stands stored', true],
    ['not won where it never arrived', false],
  ])('is read back, and %s', async (_what, landed) => {
    const run = newRun();
    faulty.lose('insertMany', landed);
    const { won } = await new Runs(faulty, 30).claim([run]);
    expect(won).toEqual(landed ? [run.id] : []);
  });

  it('is not won where another member has it', async () => {
    const run = newRun();
    await runs.claim([{ ...run, member: 'host-b:2:y' }]);
    faulty.lose('insertMany', false);
    expect(await new Runs(faulty, 30).claim([run])).toEqual({ won: [], lost: [run.id], busy: [] });
  });
});

describe('Runs under a fence', () => {
  it('lets nothing be written by an owner whose run was taken over', async () => {
    const run = newRun();
    await runs.claim([run]);
    await runs.start([{ id: run.id, fence: 1 }], run.member, new Date());
    const [held] = await owners.unfinishedOf([run.member], 1000).then(all => all.filter(one => one.id === run.id));
    if (held === undefined) throw new Error('not held');
    const to = { member: 'host-b:2:y', hostId: 'host-b', now: new Date(), lostCount: 1 };
    expect(await owners.takeOver(held, to)).toBe(true);
    expect(await runs.end(run.id, 1, { state: 'succeeded' })).toBe(false);
    expect(await runs.retry(run.id, 1, new Date())).toBeNull();
    expect(await stored(run.id)).toMatchObject({
      fence: 2,
      member: 'host-b:2:y',
      state: 'running',
      startedAt: null,
      lostCount: 1,
    });
  });

  it('gives a lost run to exactly one of many that take it over', async () => {
    const run = newRun();
    await runs.claim([run]);
    const [held] = (await owners.unfinishedOf([run.member], 1000)).filter(one => one.id === run.id);
    if (held === undefined) throw new Error('not held');
    const takers = Array.from({ length: 8 }, (_, index) => ({
      member: `m${index}`,
      hostId: 'h',
      now: new Date(),
      lostCount: 1,
    }));
    const taken = await Promise.all(takers.map(to => owners.takeOver(held, to)));
    expect(taken.filter(Boolean)).toHaveLength(1);
    expect((await stored(run.id)).fence).toBe(2);
  });

  it('leaves alone what its own member has started over since it was read', async () => {
    const run = newRun();
    await runs.claim([run]);
    const [held] = (await owners.unfinishedOf([run.member], 1000)).filter(one => one.id === run.id);
    if (held === undefined) throw new Error('not held');
    const again = { member: run.member, hostId: run.hostId, now: new Date(), lostCount: 0 };
    expect(await owners.takeOver(held, again)).toBe(true);
    expect(await owners.takeOver(held, { ...again, member: 'host-c:3:z' })).toBe(false);
    expect(await stored(run.id)).toMatchObject({ fence: 2, member: run.member });
  });

  it('leaves alone what its member took back and another one claimed anew, under the same fence', async () => {
    const run = newRun();
    await runs.claim([run]);
    const [held] = (await owners.unfinishedOf([run.member], 1000)).filter(one => one.id === run.id);
    if (held === undefined) throw new Error('not held');
    expect(await runs.withdraw(run.id, 1, run.member)).toBe(true);
    await runs.claim([{ ...run, member: 'host-b:2:y', hostId: 'host-b' }]);
    const to = { member: 'host-c:3:z', hostId: 'host-c', now: new Date(), lostCount: 0 };
    expect(await owners.takeOver(held, to)).toBe(false);
    expect(await stored(run.id)).toMatchObject({ fence: 1, member: 'host-b:2:y' });
  });

  it('raises fence and attempt with each retry', async () => {
    const run = newRun();
    await runs.claim([run]);
    expect(await runs.retry(run.id, 1, new Date())).toBe(2);
    expect(await stored(run.id)).toMatchObject({ attempt: 2, fence: 2 });
  });

  it('ends a run that may not run twice as lost, and frees its job', async () => {
    const run = newRun({ onLost: 'close' });
    await runs.claim([run]);
    const [held] = (await owners.unfinishedOf([run.member], 1000)).filter(one => one.id === run.id);
    if (held === undefined) throw new Error('not held');
    expect(await owners.closeLost(held, new Date())).toBe(true);
    const lost = await stored(run.id);
    expect(lost).toMatchObject({ state: 'lost', fence: 2 });
    expect(lost.slot).toBeUndefined();
  });
});

describe('Runs.start', () => {
  it('records the lateness from the due time to the start', async () => {
    const run = newRun();
    await runs.claim([run]);
    await runs.start([{ id: run.id, fence: 1 }], run.member, new Date(run.scheduledAt.getTime() + 37));
    expect((await stored(run.id)).latenessMs).toBe(37);
  });

  it('starts only what is still the claiming member’s', async () => {
    const [mine, taken] = [newRun({ member: 'me' }), newRun({ member: 'me' })];
    await runs.claim([mine, taken]);
    const [held] = (await owners.unfinishedOf(['me'], 10)).filter(one => one.id === taken.id);
    if (held === undefined) throw new Error('not held');
    await owners.takeOver(held, { member: 'other', hostId: 'h', now: new Date(), lostCount: 0 });
    expect(
      await runs.start(
        [mine, taken].map(({ id }) => ({ id, fence: 1 })),
        'me',
        new Date(),
      ),
    ).toEqual(new Set([mine.id]));
  });
});

describe('a start and a take-over of the same run', () => {
  it('exclude each other: neither an old fence starts it, nor is it taken as not started when it has', async () => {
    const [retaken, begun] = [newRun({ member: 'me' }), newRun({ member: 'me' })];
    await runs.claim([retaken, begun]);
    const read = await owners.unfinishedOf(['me'], 10);
    const of = (id: string) => {
      const found = read.find(one => one.id === id);
      if (found === undefined) throw new Error('not held');
      return found;
    };
    const to = { member: 'me', hostId: 'h', now: new Date(), lostCount: 0 };
    expect(await owners.takeOver(of(retaken.id), to)).toBe(true);
    expect(await runs.start([{ id: retaken.id, fence: 1 }], 'me', new Date())).toEqual(new Set());
    expect(await runs.start([{ id: begun.id, fence: 1 }], 'me', new Date())).toEqual(new Set([begun.id]));
    expect(await owners.takeOver(of(begun.id), { ...to, member: 'other' })).toBe(false);
  });
});

describe('Runs.withdraw', () => {
  it('takes a claim back, but for one that has started, changed hands or was relied upon', async () => {
    const [fresh, begun, taken, counted] = [newRun(), newRun(), newRun(), newRun()];
    await runs.claim([fresh, begun, taken, counted]);
    await runs.start([{ id: begun.id, fence: 1 }], begun.member, new Date());
    await database.collection(runModel).updateOne({ _id: taken.id }, { $inc: { fence: 1 } });
    await database.collection(runModel).updateOne({ _id: counted.id }, { $set: { counted: true } });
    const all = [fresh, begun, taken, counted];
    const withdrawn = await Promise.all(all.map(run => runs.withdraw(run.id, 1, run.member)));
    expect(withdrawn).toEqual([true, false, false, false]);
    expect(await runs.recorded(all.map(run => run.id))).toEqual(new Set(all.slice(1).map(run => run.id)));
  });
});

describe('RunCancels', () => {
  it('closes a run under fence + 1: nothing that its work still does is written', async () => {
    const run = newRun();
    await runs.claim([run]);
    await runs.start([{ id: run.id, fence: 1 }], run.member, new Date());
    expect(await cancels.request(run.id, 'ops', new Date())).toBe(true);
    expect(await cancels.request(run.id, 'others', new Date())).toBe(false);
    expect(await cancels.requestedOf(run.member, 10)).toMatchObject([{ id: run.id, cancelRequestedBy: 'ops' }]);
    expect(await cancels.close({ id: run.id, fence: 1, by: 'ops' }, new Date())).toBe(true);
    expect(await cancels.requestedOf(run.member, 10)).toEqual([]);
    expect(await runs.end(run.id, 1, { state: 'succeeded' })).toBe(false);
    expect(await runs.retry(run.id, 1, new Date())).toBeNull();
    const finish = { state: 'succeeded' as const, finishedAt: new Date() };
    const retention = { transitionExpireAt: new Date(), closedAlertExpireAt: new Date() };
    const result = { run: { id: run.id, fence: 1, finish }, before: [], after: [], transitions: [], retention };
    await expect(conclude(database, result)).rejects.toBeInstanceOf(FenceLostError);
    expect(await stored(run.id)).toMatchObject({ state: 'cancelled', fence: 2 });
  });
});

describe('RunOwners', () => {
  it('counts nothing as held by anyone that waits for a lane', async () => {
    const [waiting, running] = [newRun({ overlap: 'queue', member: 'waiter' }), newRun({ member: 'waiter' })];
    await runs.claim([waiting, running]);
    expect((await owners.unfinishedOf(['waiter'], 10)).map(run => run.id)).toEqual([running.id]);
  });
});

describe('RunOwners.unfinishedMembers', () => {
  it('names who holds unfinished runs', async () => {
    const run = newRun({ member: 'holder' });
    await runs.claim([run]);
    expect(await owners.unfinishedMembers()).toContain('holder');
    await runs.end(run.id, 1, { state: 'succeeded' });
    expect(await owners.unfinishedMembers()).not.toContain('holder');
  });
});

describe('Runs.insertSkipped', () => {
  it('records why an occurrence did not run, once', async () => {
    const run = newRun();
    expect(await runs.insertSkipped(run, 'overlap', new Date())).toBe(true);
    expect(await runs.insertSkipped(run, 'overlap', new Date())).toBe(false);
    expect(await stored(run.id)).toMatchObject({ state: 'skipped', reason: 'overlap' });
  });
});
