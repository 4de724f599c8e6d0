import { spawn } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { processIdentity } from '../../../app/cluster/processIdentity';
import { SettingsError } from '../../../app/domain/errors';
import type { MemberDoc } from '../../../app/model/member';
import { Members } from '../../../app/repository/members';
import { assertOwnHostId } from '../../../app/timing/hostStart';
import { useDatabase } from '../../support/database';
import { eventually } from '../../support/eventually';
import { RecordedLog } from '../../support/log';

const { database } = useDatabase();
const members = new Members(database);
const leaseMs = 400;
const renewal = { suspended: false, clockSkewMs: 0, appliedRevision: 0 };
const elsewhere = { machineBootId: 'another machine', pidNamespace: 'pid:[1]', startTicks: '1' };
const otherMaster = 1;
let count = 0;

/** A live member of a host of its own, as another start left it; the host's id comes with it. */
async function member(pid: number, process: MemberDoc['process'], masterPid = otherMaster) {
  count += 1;
  const hostId = `host-${count}`;
  const id = `${hostId}:${pid}:${count}`;
  await members.register(
    { id, hostId, hostLabels: {}, role: 'worker', pid, masterPid, process, leaseMs, appliedRevision: 0 },
    5000,
  );
  return { id, hostId };
}

/** How the start of a host of this id goes, and how long it takes. */
async function start(hostId: string): Promise<number> {
  const { pid, ppid: masterPid } = process;
  const from = performance.now();
  await assertOwnHostId(members, { hostId, pid, masterPid, log: new RecordedLog() });
  return performance.now() - from;
}

async function isLive(id: string): Promise<boolean> {
  return (await members.liveOf([id])).has(id);
}

describe('the start of a host', () => {
  it('marks a leftover of its machine dead at once when its process is gone', async () => {
    const child = spawn('sleep', ['60']);
    const pid = child.pid ?? 0;
    const { id, hostId } = await member(pid, processIdentity(pid));
    child.kill('SIGKILL');
    await new Promise(resolve => child.once('exit', resolve));
    expect(await start(hostId)).toBeLessThan(leaseMs);
    expect(await isLive(id)).toBe(false);
  });

  it('waits for a leftover of its machine that still runs, longer than its lease', async () => {
    const child = spawn('sleep', ['60']);
    const pid = child.pid ?? 0;
    const { id, hostId } = await member(pid, processIdentity(pid));
    const ended = new Promise(resolve => child.once('exit', resolve));
    setTimeout(() => child.kill('SIGKILL'), 2 * leaseMs);
    expect(await start(hostId)).toBeGreaterThanOrEqual(2 * leaseMs - 5);
    await ended;
    expect(await isLive(id)).toBe(false);
  });

  it('watches what may be another machine for its lease, and goes on where it does not renew', async () => {
    const { id, hostId } = await member(17, elsewhere);
    expect(await start(hostId)).toBeGreaterThanOrEqual(leaseMs);
    expect(await isLive(id)).toBe(false);
  });

  it('is refused with a sentence where another machine renews under its id, which goes on', async () => {
    const { id, hostId } = await member(17, elsewhere);
    const refused = start(hostId).catch((error: unknown) => error);
    await eventually('it has been seen and renews', async () => {
      await members.renew(id, renewal, 5000);
      const answer = await Promise.race([refused, new Promise(resolve => setTimeout(() => resolve(null), 100))]);
      return answer !== null;
    });
    const error = await refused;
    expect(error).toBeInstanceOf(SettingsError);
    expect(String(error)).toMatch(/another machine.*WATCHBELL_HOST_ID/);
    expect(await isLive(id)).toBe(true);
  });

  it('minds neither its own workers nor other hosts', async () => {
    const own = await member(process.pid, processIdentity(process.pid), process.ppid);
    const other = await member(17, elsewhere);
    expect(await start(own.hostId)).toBeLessThan(leaseMs);
    expect([await isLive(own.id), await isLive(other.id)]).toEqual([true, true]);
  });
});
