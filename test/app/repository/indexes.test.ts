import { describe, expect, it } from 'vitest';
import { runModel } from '../../../app/model/run';
import { heads } from '../../../app/repository/runQueue';
import { SelfObservations } from '../../../app/repository/selfObservations';
import { useDatabase } from '../../support/database';
import { profiledDuring } from '../../support/profiler';

const { database } = useDatabase();
const runs = database.collection(runModel);

describe('what every host asks again and again', () => {
  it('names the queues by an index that skips from queue to queue', async () => {
    const plan = JSON.stringify(await runs.aggregate(heads, { hint: 'queue' }).explain('queryPlanner'));
    expect(plan).toContain('DISTINCT_SCAN');
  });

  it('promotes by an index too', async () => {
    const next = runs.find({ state: 'queued', queue: 'x', lanes: 'x' }).sort({ scheduledAt: 1, _id: 1 });
    const plan = JSON.stringify(await next.explain('queryPlanner'));
    expect(plan).toContain('"indexName":"queue"');
    expect(plan).not.toContain('"stage":"SORT"');
  });

  it('names who holds unfinished runs by an index and not by a scan', async () => {
    const held = runs.find({ member: { $in: ['holder'] }, state: { $in: ['queued', 'running'] } });
    const plan = JSON.stringify(await held.explain('queryPlanner'));
    expect(plan).toContain('"indexName":"unfinished"');
    expect(plan).not.toContain('COLLSCAN');
  });

  it('finds by indexes what it looks at to see whether Watchbell works', async () => {
    const observations = new SelfObservations(database);
    const profiled = await profiledDuring(database, async () => {
      await observations.brokenChannels();
      await observations.backlog(new Date(), ['ops']);
      await observations.overdueDeliveries(new Date());
      await observations.selfChannel();
    });
    const scans = profiled.filter(({ planSummary }) => /COLLSCAN/.test(planSummary));
    expect(scans.map(({ ns, command }) => ({ ns, command }))).toEqual([]);
    expect(profiled.filter(({ planSummary }) => /IXSCAN|IDHACK/.test(planSummary)).length).toBeGreaterThan(3);
  });
});
