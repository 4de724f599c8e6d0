import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { Members } from '../../../app/repository/members';
import { ClusterStatus } from '../../../app/service/clusterStatus';
import { useDatabase } from '../../support/database';
import { memberOf } from '../../support/members';

const { database } = useDatabase();
const members = new Members(database);
const cluster = new ClusterStatus(database);

const statusSchema = z.object({ members: z.array(z.object({ hostId: z.string(), state: z.string() })) });

/** As GET /cluster shows them, by host. */
async function states(): Promise<Record<string, string>> {
  const { members: shown } = statusSchema.parse(await cluster.status());
  return Object.fromEntries(shown.map(({ hostId, state }) => [hostId, state]));
}

describe('in force', () => {
  it('is judged by the live members, and not by those that are suspended or dead', async () => {
    const good = memberOf(database, { hostId: 'good' });
    const slow = memberOf(database, { hostId: 'slow' });
    const wrong = memberOf(database, { hostId: 'wrong', skewMaxMs: 5000 });
    for (const { member } of [good, slow, wrong]) await member.renew();
    await good.member.reportApplied(7);
    expect(await cluster.converged(7, 0)).toEqual({ applied: 1, members: 3, converged: false });
    wrong.clocks.stepWall(6000);
    // The skew is measured by the one renewal and stored by the next.
    await wrong.member.renew();
    await wrong.member.renew();
    expect(await cluster.converged(7, 0)).toEqual({ applied: 1, members: 2, converged: false });
    const stored = (await members.live()).find(({ _id }) => _id === slow.member.memberId);
    await members.markDead(slow.member.memberId, stored?.counter ?? 0);
    expect(await cluster.converged(7, 0)).toEqual({ applied: 1, members: 1, converged: true });
    expect(await states()).toEqual({ good: 'live', slow: 'dead', wrong: 'suspended' });
  });

  it('is waited for until the last member has said so, and no longer than asked', async () => {
    const { member } = memberOf(database, { hostId: 'waited-for' });
    await member.renew();
    const from = performance.now();
    expect((await cluster.converged(8, 200)).converged).toBe(false);
    expect(performance.now() - from).toBeLessThan(1500);
    const waiting = cluster.converged(8, 10_000);
    for (const one of await members.live()) await members.reportApplied(one._id, 8);
    expect((await waiting).converged).toBe(true);
  });
});
