import { describe, expect, it } from 'vitest';
import { backfillLanes } from '../../../app/domain/run/lane';
import { occurrenceId } from '../../../app/domain/run/occurrence';
import { runModel } from '../../../app/model/run';
import { type NewRun, queued } from '../../../app/repository/runDocument';
import { RunQueue } from '../../../app/repository/runQueue';
import { useDatabase } from '../../support/database';

const { database } = useDatabase();
const queue = new RunQueue(database);
const collection = database.collection(runModel);
const now = new Date('2026-02-01T00:00:00Z');
const to = { member: 'host-a:1:x', hostId: 'host-a', now };
let jobs = 0;

async function enqueue(lanes: (job: string) => string[], hours: number[]): Promise<string> {
  jobs += 1;
  const job = `job-${jobs}`;
  const runs = hours.map((hour): NewRun => {
    const scheduledAt = new Date(Date.UTC(2026, 0, 1, hour));
    const fields = { job, jobRevision: 1, scheduledAt, claimedAt: now, member: '', hostId: '' };
    return {
      id: occurrenceId(job, scheduledAt),
      ...fields,
      trigger: 'schedule',
      onLost: 'retry',
      overlap: 'skip',
    };
  });
  await collection.insertMany(runs.map(run => queued(run, lanes(job), 30)));
  return job;
}

const hourOf = (run: { scheduledAt: Date } | null) => run?.scheduledAt.getUTCHours() ?? null;

describe('RunQueue.promote', () => {
  it('gives a free lane to the oldest that waits for it, under fence + 1, and a held one to nobody', async () => {
    const job = await enqueue(name => [name], [3, 1, 2]);
    const first = await queue.promote(job, to);
    expect(first).toMatchObject({ fence: 2, member: 'host-a:1:x', slot: job, startedAt: null });
    expect(hourOf(first)).toBe(1);
    expect(await queue.promote(job, to)).toBeNull();
    expect(await queue.busy([job, 'another'])).toEqual(new Set([job]));
  });

  it('gives one lane to exactly one of many that try at the same time', async () => {
    const job = await enqueue(name => [name], [1, 2, 3, 4, 5, 6]);
    const tried = await Promise.all(Array.from({ length: 12 }, () => queue.promote(job, to)));
    expect(tried.flatMap(run => hourOf(run) ?? [])).toEqual([1]);
  });

  it('fills as many lanes as a queue may have, in order', async () => {
    const job = await enqueue(name => backfillLanes(name, 3), [1, 2, 3, 4, 5]);
    const lanes = backfillLanes(job, 3);
    const promoted = [];
    for (const lane of lanes) promoted.push(await queue.promote(lane, to));
    expect(promoted.map(hourOf)).toEqual([1, 2, 3]);
    expect(await queue.promote(`${job}~backfill~4`, to)).toBeNull();
  });
});

describe('RunQueue.lanes', () => {
  it('names the lanes of each queue once', async () => {
    const job = await enqueue(name => backfillLanes(name, 2), [1, 2, 3]);
    const other = await enqueue(name => [`${name}~catchup`], [1]);
    const lanes = await queue.lanes({ id: 'a', labels: {} });
    expect(lanes).toEqual(expect.arrayContaining([...backfillLanes(job, 2), `${other}~catchup`]));
    expect(new Set(lanes).size).toBe(lanes.length);
  });
});

describe('what waits', () => {
  it('expires when it has waited too long, and gives way only while it waits', async () => {
    const job = await enqueue(name => [name], [1, 2]);
    const running = await queue.promote(job, to);
    if (running === null) throw new Error('not promoted');
    expect(await queue.giveWay(running, now)).toBe(false);
    expect(await queue.expire(new Date(now.getTime() - 1), now)).toBe(0);
    expect(await queue.expire(new Date(now.getTime() + 1), now)).toBeGreaterThan(0);
    const [, waiting] = await collection.find({ job }).sort({ _id: 1 }).toArray();
    expect(waiting).toMatchObject({ state: 'skipped', reason: 'expired', fence: 2 });
    expect((await collection.findOne({ _id: running.id }))?.['state']).toBe('running');
  });

  it('ends with its job', async () => {
    const job = await enqueue(name => [name], [1, 2]);
    await queue.removeJob(job, 0, now);
    expect(await collection.countDocuments({ job, state: 'queued' })).toBe(2);
    await queue.removeJob(job, 1, now);
    expect(await collection.countDocuments({ job, state: 'skipped', reason: 'changed' })).toBe(2);
  });
});
