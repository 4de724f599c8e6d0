import { describe, expect, it } from 'vitest';
import { memberModel } from '../../../app/model/member';
import { Members } from '../../../app/repository/members';
import { useDatabase } from '../../support/database';
import { eventually } from '../../support/eventually';
import { memberOf } from '../../support/members';

const { database } = useDatabase();
const members = new Members(database);

async function stored(id: string) {
  return memberModel.schema.parse(await database.collection(memberModel).findOne({ _id: id }));
}

describe('Member', () => {
  it('may do nothing before it is registered', async () => {
    const { member } = memberOf(database);
    expect(member.valid).toBe(false);
    await member.renew();
    expect(member.valid).toBe(true);
    expect((await stored(member.memberId)).state).toBe('live');
  });

  it('raises its counter with each renewal', async () => {
    const { member } = memberOf(database);
    await member.renew();
    await member.renew();
    expect((await stored(member.memberId)).counter).toBe(2);
  });

  it('loses its lease when only the monotonic clock says so: the wall clock was set back', async () => {
    const { member, clocks } = memberOf(database);
    await member.renew();
    clocks.pass(9_900);
    clocks.stepWall(-9_900);
    expect(member.valid).toBe(true);
    clocks.pass(200);
    expect(member.valid).toBe(false);
  });

  it('loses its lease when only the wall clock says so: the monotonic clock of a paused machine stands still', async () => {
    const { member, clocks } = memberOf(database);
    await member.renew();
    clocks.stepWall(10_100);
    expect(member.valid).toBe(false);
  });

  it('counts the lease from sending the renewal, not from its answer', async () => {
    const { member, clocks } = memberOf(database);
    const renewal = member.renew();
    clocks.pass(4000);
    await renewal;
    expect(member.remainingMs()).toBeLessThanOrEqual(6000);
  });

  it('aborts what it does at its deadline and says so, and has a new signal once it renews again', async () => {
    const { member, clocks } = memberOf(database);
    const seen: string[] = [];
    member.on({ lost: () => seen.push('lost'), regained: previous => seen.push(`regained ${previous}`) });
    await member.renew();
    const { signal } = member;
    member.start();
    clocks.pass(11_000);
    await expect.poll(() => signal.aborted).toBe(true);
    await member.renew();
    await expect.poll(() => member.valid).toBe(true);
    expect(seen).toEqual(['lost', `regained ${member.memberId}`]);
    await member.stop(1000);
  });

  it('aborts what it does at its deadline also while no renewal is answered', async () => {
    class Silent extends Members {
      override renew(): Promise<never> {
        return new Promise(() => {});
      }
    }
    const { member, clocks } = memberOf(database, {}, new Silent(database));
    await member.renew();
    const { signal } = member;
    member.start();
    clocks.pass(9_900);
    await new Promise(resolve => setTimeout(resolve, 300));
    expect(signal.aborted).toBe(false);
    clocks.pass(200);
    await expect.poll(() => signal.aborted).toBe(true);
    await member.stop(1000);
  });

  it('tries again within a second after a renewal that failed: what is over is noticed sooner than by renewMs', async () => {
    const at: number[] = [];
    class Unlucky extends Members {
      override async renew(...given: Parameters<Members['renew']>) {
        at.push(performance.now());
        if (at.length === 1) throw new Error('no answer');
        return await super.renew(...given);
      }
    }
    const { member } = memberOf(database, { renewMs: 2500 }, new Unlucky(database));
    member.start();
    await eventually('it has renewed', async () => at.length === 2 && (await stored(member.memberId)).counter === 2);
    await member.stop(1000);
    expect((at[1] ?? 0) - (at[0] ?? 0)).toBeLessThan(2000);
  });

  it('registers anew under another id when others have called it dead', async () => {
    const { member } = memberOf(database);
    await member.renew();
    const first = member.memberId;
    const seen: string[] = [];
    member.on({ regained: previous => seen.push(previous) });
    expect(await members.markDead(first, (await stored(first)).counter)).toBe(true);
    await member.renew();
    expect(member.memberId).not.toBe(first);
    expect(member.valid).toBe(true);
    expect(seen).toEqual([first]);
    expect((await stored(first)).state).toBe('dead');
  });

  it('is not called dead by who saw an older counter', async () => {
    const { member } = memberOf(database);
    await member.renew();
    const seen = (await stored(member.memberId)).counter;
    await member.renew();
    expect(await members.markDead(member.memberId, seen)).toBe(false);
  });

  it("is suspended while its clock is too far from MongoDB's, and comes back by itself", async () => {
    const { member, clocks } = memberOf(database, { skewMaxMs: 5000 });
    await member.renew();
    clocks.stepWall(6000);
    await member.renew();
    expect(member.suspended).toBe(true);
    expect(member.valid).toBe(false);
    clocks.stepWall(-6000);
    await member.renew();
    expect(member.valid).toBe(true);
  });

  it("tells MongoDB's time, however wrong its own clock is", async () => {
    const { member, clocks } = memberOf(database);
    clocks.stepWall(-4000);
    await member.renew();
    expect(Math.abs(member.clock.now().getTime() - Date.now())).toBeLessThan(500);
    expect(member.clock.skewMs()).toBeLessThan(-3500);
  });

  it('measures the time again after a step of the clock before anything is announced', async () => {
    const { member, clocks } = memberOf(database);
    await member.renew();
    clocks.stepWall(700);
    expect(member.clock.driftMs()).toBeGreaterThan(500);
    expect(await member.timeIsGood()).toBe(true);
    expect(member.clock.driftMs()).toBeLessThan(50);
  });

  it('says which revision is in force, and never a lower one', async () => {
    const { member } = memberOf(database);
    await member.renew();
    await member.reportApplied(7);
    await member.reportApplied(5);
    expect((await stored(member.memberId)).appliedRevision).toBe(7);
  });

  it('has its newest revision stored soon, however fast revisions come', async () => {
    const { member, clocks } = memberOf(database);
    await member.renew();
    const reports = Array.from({ length: 40 }, (_, index) => member.reportApplied(index + 1));
    clocks.pass(1000);
    await Promise.all(reports);
    expect((await stored(member.memberId)).appliedRevision).toBe(40);
  });

  it('writes at most 20 revisions a second', async () => {
    const { member } = memberOf(database);
    await member.renew();
    const from = performance.now();
    for (let revision = 1; revision <= 5; revision += 1) await member.reportApplied(revision);
    // Its clock stands still: each waits for the whole span, but the first. A timer may be a millisecond early.
    expect(performance.now() - from).toBeGreaterThanOrEqual(4 * 49);
  });
});
