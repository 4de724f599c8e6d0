import { describe, expect, it } from 'vitest';
import { Metrics } from '../../../../app/cluster/metrics';
import { occurrenceId } from '../../../../app/domain/run/occurrence';
import { runModel } from '../../../../app/model/run';
import { Calendars } from '../../../../app/repository/calendars';
import { Jobs } from '../../../../app/repository/jobs';
import type { NewRun } from '../../../../app/repository/runDocument';
import { Runs } from '../../../../app/repository/runs';
import { Newest } from '../../../../app/service/run/newest';
import { claimedRun } from '../../../../app/service/run/owned';
import { Starter } from '../../../../app/service/run/starter';
import { useDatabase } from '../../../support/database';
import { jobOf } from '../../../support/job';
import { memberOf, type TestMember } from '../../../support/members';
import { RunWorld } from '../../../support/runWorld';

const { database } = useDatabase();
const world = new RunWorld(database);
const runs = new Runs(database, 30);
const scheduledAt = new Date('2026-01-01T01:00:00Z');

const never = new Date(0);

/**
 * Claims an occurrence and starts it: `settled` says up to where was decided, `asStarted` happens while the start is
 * being written.
 */
async function start(
  job: string,
  settled: (id: string) => Promise<Date>,
  asStarted: (member: TestMember) => void = () => {},
): Promise<string[]> {
  const hint = (await world.define(jobOf({ name: job })))(scheduledAt);
  const own = memberOf(database);
  const { member, log } = own;
  await member.renew();
  const executed: string[] = [];
  const id = occurrenceId(job, scheduledAt);
  const starter = new Starter({
    host: { id: member.hostId, labels: {} },
    ...{ runs, lease: member, metrics: new Metrics(), log, freed: () => {} },
    clock: {
      now: () => {
        asStarted(own);
        return member.clock.now();
      },
    },
    newest: new Newest({ jobs: new Jobs(database), calendars: new Calendars(database) }),
    settlements: {
      settledUntil: async () => new Map([[job, await settled(id)]]),
    },
    runner: { execute: (_job, run) => executed.push(run.id) },
  });
  const times = { scheduledAt, claimedAt: new Date() };
  const by = { member: member.memberId, hostId: member.hostId };
  const claim: NewRun = {
    ...{ id, job, jobRevision: hint.revision, trigger: 'schedule', onLost: 'retry', overlap: 'skip' },
    ...times,
    ...by,
  };
  await runs.claim([claim]);
  await starter.start([claimedRun(claim)], member.memberId);
  return executed;
}

describe('a claim that finds its occurrence settled', () => {
  it('takes itself back where it was settled without it', async () => {
    expect(await start('late', async () => scheduledAt)).toEqual([]);
    expect(await world.runs('late')).toEqual([]);
  });

  it('runs where the settlement has relied on it: else nobody would run it', async () => {
    const count = async (id: string) => {
      await database.collection(runModel).updateOne({ _id: id }, { $set: { counted: true } });
      return scheduledAt;
    };
    const id = occurrenceId('relied-upon', scheduledAt);
    expect(await start('relied-upon', count)).toEqual([id]);
    expect(await world.runs('relied-upon')).toMatchObject([{ _id: id, state: 'running' }]);
  });
});

describe('a claim that changes hands before its start is written', () => {
  it('is not executed here: the write of the start finds another fence', async () => {
    const takenOver = async (id: string) => {
      await database.collection(runModel).updateOne({ _id: id }, { $set: { member: 'other:1:x', fence: 2 } });
      return never;
    };
    expect(await start('taken', takenOver)).toEqual([]);
    expect(await world.runs('taken')).toMatchObject([{ member: 'other:1:x', fence: 2, startedAt: null }]);
  });
});

describe('a lease that is lost while a start is being written', () => {
  it('executes nothing, also where it stands again by then: whoever settles what it held may have done so', async () => {
    const lapse = ({ member, clocks }: TestMember) => {
      clocks.pass(11_000);
      void member.renew();
    };
    expect(await start('lapsed', async () => never, lapse)).toEqual([]);
    expect(await start('held', async () => never)).toHaveLength(1);
  });
});
