import { spawn } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { Drains } from '../../../app/repository/drains';
import { Members } from '../../../app/repository/members';
import { Sweeper } from '../../../app/timing/sweeper';
import { useDatabase } from '../../support/database';
import { memberOf } from '../../support/members';

const { database } = useDatabase();
const members = new Members(database);
const drains = new Drains(database);

async function sweepOnce(sweeper: Sweeper): Promise<void> {
  sweeper.start();
  await sweeper.stop();
}

/** A fresh object for each sweep of one long watch would forget what it saw: sweeps are driven through one. */
function sweeperOf(self: ReturnType<typeof memberOf>): { sweep(): Promise<void>; sweeper: Sweeper } {
  const options = { leaseMs: 10_000, sweepMs: 3_600_000 };
  const sweeper = new Sweeper(members, drains, self.member, options, self.log, () => self.clocks.monotonic());
  return { sweeper, sweep: () => sweepOnce(sweeper) };
}

async function isLive(id: string): Promise<boolean> {
  return (await members.liveOf([id])).has(id);
}

describe('Sweeper', () => {
  it('calls a member dead that it saw unchanged for a whole lease while it renewed itself', async () => {
    const self = memberOf(database, { hostId: 'watcher', role: 'agent' });
    const other = memberOf(database, { hostId: 'other' });
    await self.member.renew();
    await other.member.renew();
    const { sweep } = sweeperOf(self);
    await sweep();
    for (let passed = 0; passed < 9000; passed += 3000) {
      self.clocks.pass(3000);
      await self.member.renew();
      await sweep();
    }
    expect(await isLive(other.member.memberId)).toBe(true);
    self.clocks.pass(1500);
    await self.member.renew();
    await sweep();
    expect(await isLive(other.member.memberId)).toBe(false);
  });

  it('never calls a member dead that renews, however long it watches', async () => {
    const self = memberOf(database, { hostId: 'watcher', role: 'agent' });
    const other = memberOf(database, { hostId: 'other' });
    await self.member.renew();
    const { sweep } = sweeperOf(self);
    for (let passed = 0; passed < 30_000; passed += 3000) {
      await other.member.renew();
      await self.member.renew();
      await sweep();
      self.clocks.pass(3000);
    }
    expect(await isLive(other.member.memberId)).toBe(true);
  });

  it('watches everyone anew after it lost its own lease: after an outage nobody storms', async () => {
    const self = memberOf(database, { hostId: 'watcher', role: 'agent' });
    const other = memberOf(database, { hostId: 'other' });
    await self.member.renew();
    await other.member.renew();
    const { sweep } = sweeperOf(self);
    await sweep();
    self.clocks.pass(40_000);
    await sweep();
    await self.member.renew();
    await sweep();
    expect(await isLive(other.member.memberId)).toBe(true);
  });

  it('calls a process of its own machine dead at once when it is gone', async () => {
    const child = spawn('sleep', ['60']);
    const pid = child.pid ?? 0;
    const self = memberOf(database, { hostId: 'watcher', role: 'agent' });
    const other = memberOf(database, { hostId: 'watcher', pid });
    await self.member.renew();
    await other.member.renew();
    const { sweep } = sweeperOf(self);
    await sweep();
    expect(await isLive(other.member.memberId)).toBe(true);
    child.kill('SIGKILL');
    await new Promise(resolve => child.once('exit', resolve));
    await sweep();
    expect(await isLive(other.member.memberId)).toBe(false);
  });

  it('counts a host as live only with its agent and a worker', async () => {
    const agent = memberOf(database, { hostId: 'complete', role: 'agent' });
    const worker = memberOf(database, { hostId: 'complete', role: 'worker' });
    const lonely = memberOf(database, { hostId: 'agentless', role: 'worker' });
    for (const { member } of [agent, worker, lonely]) await member.renew();
    const { sweep, sweeper } = sweeperOf(agent);
    await sweep();
    expect(sweeper.hosts).toContain('complete');
    expect(sweeper.hosts).not.toContain('agentless');
  });
});
