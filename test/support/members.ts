import { Member, type MemberOptions } from '../../app/cluster/member';
import { Metrics } from '../../app/cluster/metrics';
import type { Database } from '../../app/repository/database';
import { Members } from '../../app/repository/members';
import { RecordedLog } from './log';
import { VirtualClocks } from './virtualClock';

export interface TestMember {
  member: Member;
  clocks: VirtualClocks;
  log: RecordedLog;
}

/** A member on virtual clocks: it renews when the test says so. */
export function memberOf(
  database: Database,
  over: Partial<MemberOptions> = {},
  members = new Members(database),
): TestMember {
  const clocks = new VirtualClocks(Date.now());
  const log = new RecordedLog();
  const options: MemberOptions = {
    hostId: 'host-a',
    hostLabels: {},
    role: 'worker',
    pid: process.pid,
    masterPid: process.ppid,
    leaseMs: 10_000,
    renewMs: 3000,
    renewalLimitMs: 2500,
    // Virtual time runs ahead of MongoDB's: only a test about skew bounds it.
    skewMaxMs: 3_600_000,
    ...over,
  };
  return { member: new Member(members, options, log, new Metrics(), clocks), clocks, log };
}
