import { describe, expect, it } from 'vitest';
import { type RunEnding, RunEndings } from '../../../app/repository/runEndings';
import { Runs } from '../../../app/repository/runs';
import { useDatabase } from '../../support/database';
import { runsOf } from '../../support/runRecords';

const { database } = useDatabase();
const endings = new RunEndings(database);
const runs = new Runs(database, 30);
const [claimedAt, finishedAt] = [new Date('2026-01-01T00:00:00Z'), new Date('2026-01-01T00:00:02Z')];

/** Claims runs of jobs with this prefix and answers their ids. */
async function claimed(prefix: string, count: number): Promise<string[]> {
  const jobs = Array.from({ length: count }, (_, index) => `${prefix}-${index}`);
  const bare = { jobRevision: 1, trigger: 'schedule' as const, scheduledAt: claimedAt, claimedAt, hostId: 'h' };
  const rest = { onLost: 'retry' as const, overlap: 'skip' as const, member: 'h:1:a' };
  const { won } = await runs.claim(jobs.map(job => ({ id: `${job}@x`, job, ...bare, ...rest })));
  return won;
}

function succeeded(id: string, over: Partial<RunEnding> = {}): RunEnding {
  return { id, fence: 1, fields: { state: 'succeeded', outcome: { rows: 1 }, error: null }, ...over };
}

describe('Runs without alerts that end together', () => {
  it('are ended as each of them has, and give up what they held', async () => {
    const [one = '', other = '', third = ''] = await claimed('mixed', 3);
    const error = { code: 'http', message: 'no answer' };
    const failed: RunEnding = {
      id: third,
      fence: 1,
      fields: { state: 'failed', outcome: null, error, jobRevision: 7 },
    };
    const ended = await endings.end([succeeded(one), succeeded(other), failed], finishedAt);
    expect(ended).toEqual(new Set([one, other, third]));
    const stored = await runsOf(database, 'mixed');
    expect(stored.map(run => [run.state, run.outcome, run.error, run.jobRevision, run.slot])).toEqual([
      ['succeeded', { rows: 1 }, null, 1, undefined],
      ['succeeded', { rows: 1 }, null, 1, undefined],
      ['failed', null, error, 7, undefined],
    ]);
    for (const run of stored) expect(run.finishedAt).toEqual(finishedAt);
  });

  it('leave a run alone that is under another fence by now, and end the others', async () => {
    const [mine = '', taken = ''] = await claimed('taken', 2);
    await runs.retry(taken, 1, claimedAt);
    expect(await endings.end([succeeded(mine), succeeded(taken)], finishedAt)).toEqual(new Set([mine]));
    expect((await runsOf(database, 'taken')).map(run => run.state)).toEqual(['succeeded', 'running']);
  });

  it('count as ended when an earlier write whose answer was lost has ended them', async () => {
    const ids = await claimed('again', 2);
    await endings.end(
      ids.map(id => succeeded(id)),
      finishedAt,
    );
    expect(
      await endings.end(
        ids.map(id => succeeded(id)),
        new Date(),
      ),
    ).toEqual(new Set(ids));
    for (const run of await runsOf(database, 'again')) expect(run.finishedAt).toEqual(finishedAt);
  });
});
