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

/** Its renewals fail where the test says so. */
class Flaky extends Members {
  fails = false;

  override async renew(...given: Parameters<Members['renew']>) {
    if (this.fails) throw new Error('no answer');
    return await super.renew(...given);
  }
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

  it('watches everyone anew after one renewal of its own failed, although its lease still stands', async () => {
    const flaky = new Flaky(database);
    const self = memberOf(database, { hostId: 'watcher', role: 'agent' }, flaky);
    const other = memberOf(database, { hostId: 'other' });
    await self.member.renew();
    await other.member.renew();
    const { sweep } = sweeperOf(self);
    await sweep();
    self.clocks.pass(6000);
    await self.member.renew();
    self.clocks.pass(4500);
    flaky.fails = true;
    await self.member.renew();
    await sweep();
    flaky.fails = false;
    await self.member.renew();
    await sweep();
    expect(self.member.valid).toBe(true);
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
    const idle = memberOf(database, { hostId: 'workerless', role: 'agent' });
    for (const { member } of [agent, worker, lonely, idle]) await member.renew();
    const { sweep, sweeper } = sweeperOf(agent);
    await sweep();
    expect(sweeper.hosts).toContain('complete');
    expect(sweeper.hosts).not.toContain('agentless');
    expect(sweeper.hosts).not.toContain('workerless');
  });

  it('knows the labels of the live hosts, whatever stands in a name', async () => {
    const labels = { zone: 'eu', 'rack.row': '7' };
    const agent = memberOf(database, { hostId: 'labelled', role: 'agent', hostLabels: labels });
    await agent.member.renew();
    const { sweep, sweeper } = sweeperOf(agent);
    await sweep();
    expect(sweeper.labelsOf('labelled')).toEqual(labels);
    expect(sweeper.labelsOf('never-seen')).toEqual({});
  });

  it('spreads nothing over a host whose clock is wrong, and leaves its members alive for take-over', async () => {
    const agent = memberOf(database, { hostId: 'right', role: 'agent' });
    const own = [agent, memberOf(database, { hostId: 'right', role: 'worker' })];
    const wrong = [
      memberOf(database, { hostId: 'wrong', role: 'agent', skewMaxMs: 5000 }),
      memberOf(database, { hostId: 'wrong', role: 'worker', skewMaxMs: 5000 }),
    ];
    for (const { member } of [...own, ...wrong]) await member.renew();
    const { sweep, sweeper } = sweeperOf(agent);
    await sweep();
    expect(sweeper.hosts).toEqual(expect.arrayContaining(['right', 'wrong']));
    for (const { member, clocks } of wrong) {
      clocks.stepWall(6000);
      await member.renew();
      await member.renew();
    }
    await sweep();
    expect(sweeper.hosts).toContain('right');
    expect(sweeper.hosts).not.toContain('wrong');
    for (const { member } of wrong) expect(await isLive(member.memberId)).toBe(true);
  });

  it('takes the lease of the watched one where that is longer than its own', async () => {
    const self = memberOf(database, { hostId: 'watcher', role: 'agent' });
    const patient = memberOf(database, { hostId: 'patient', leaseMs: 60_000 });
    await self.member.renew();
    await patient.member.renew();
    const { sweep } = sweeperOf(self);
    for (let passed = 0; passed < 15_000; passed += 3000) {
      await self.member.renew();
      await sweep();
      self.clocks.pass(3000);
    }
    expect(await isLive(patient.member.memberId)).toBe(true);
  });

  it('leaves a host out that somebody drains, and takes it in again afterwards', async () => {
    const agent = memberOf(database, { hostId: 'drained', role: 'agent' });
    const worker = memberOf(database, { hostId: 'drained', role: 'worker' });
    for (const { member } of [agent, worker]) await member.renew();
    const { sweep, sweeper } = sweeperOf(agent);
    await drains.ask('drained', 'ops', { givenMs: null, defaultMs: 1000 });
    await sweep();
    expect(sweeper.hosts).not.toContain('drained');
    expect(sweeper.hostDrains).toBe(true);
    expect(await isLive(worker.member.memberId)).toBe(true);
    await drains.end('drained');
    await sweep();
    expect(sweeper.hosts).toContain('drained');
    expect(sweeper.hostDrains).toBe(false);
  });

  it('leaves a host out whose workers have all begun to end, and only then', async () => {
    const [agent, one, other] = (['agent', 'worker', 'worker'] as const).map(role =>
      memberOf(database, { hostId: 'stopped', role }),
    );
    if (agent === undefined || one === undefined || other === undefined) throw new Error('three members');
    for (const { member } of [agent, one, other]) await member.renew();
    const { sweep, sweeper } = sweeperOf(agent);
    await one.member.drain(1000);
    await sweep();
    expect(sweeper.hosts).toContain('stopped');
    await other.member.drain(1000);
    await sweep();
    expect(sweeper.hosts).not.toContain('stopped');
    expect(await isLive(other.member.memberId)).toBe(true);
  });
});
