import { describe, expect, it } from 'vitest';
import type { PlacedHost } from '../../../../app/domain/run/placement';
import type { UnfinishedRun } from '../../../../app/repository/runOwners';
import { StrandedRuns, strandedError } from '../../../../app/service/run/strandedRuns';

const waitMs = 30_000;

function lost(id: string, placed: Pick<UnfinishedRun, 'boundTo' | 'hostLabels'>): UnfinishedRun {
  return {
    ...{ id, job: 'job', jobRevision: 1, trigger: 'schedule', scheduledAt: new Date(0), member: 'a:1:x', fence: 1 },
    ...{ attempt: 1, startedAt: null, lostCount: 0, onLost: 'retry' },
    ...placed,
  };
}

function strandedRuns() {
  const state: { now: number; hosts: PlacedHost[] } = { now: 0, hosts: [{ id: 'b', labels: { zone: 'us' } }] };
  const hosts = { taking: async () => state.hosts };
  const stranded = new StrandedRuns({ hosts, waitMs, now: () => state.now });
  const overdue = async (...runs: UnfinishedRun[]) => (await stranded.overdue(runs)).map(({ id }) => id);
  return { state, overdue };
}

describe('a lost run that only other hosts may go on with', () => {
  const bound = lost('bound', { boundTo: 'a' });
  const labelled = lost('labelled', { hostLabels: { zone: 'eu' } });

  it('is overdue when no such host was there for the whole span', async () => {
    const { state, overdue } = strandedRuns();
    expect(await overdue(bound, labelled)).toEqual([]);
    state.now = waitMs - 1;
    expect(await overdue(bound, labelled)).toEqual([]);
    state.now = waitMs;
    expect(await overdue(bound, labelled)).toEqual(['bound', 'labelled']);
  });

  it('is left to a host that is there, and waits anew when that goes again', async () => {
    const { state, overdue } = strandedRuns();
    await overdue(bound, labelled);
    state.now = waitMs;
    state.hosts = [{ id: 'a', labels: { zone: 'eu' } }];
    expect(await overdue(bound, labelled)).toEqual([]);
    state.hosts = [];
    state.now = waitMs + 1;
    expect(await overdue(bound, labelled)).toEqual([]);
    state.now = 2 * waitMs + 1;
    expect(await overdue(bound, labelled)).toEqual(['bound', 'labelled']);
  });

  it('waits no second time where others of its host have waited: what a host has left goes at once', async () => {
    const { state, overdue } = strandedRuns();
    await overdue(bound);
    state.now = waitMs;
    expect(await overdue(bound, lost('another', { boundTo: 'a' }))).toEqual(['bound', 'another']);
  });

  it('says in its record for whom it was', () => {
    expect(strandedError(bound)).toMatchObject({ code: 'hostLost', message: expect.stringContaining('its host a is') });
    expect(strandedError({ ...labelled, member: '-' }).message).toMatch(/^It was given up, and no host .*zone=eu/);
  });
});
