import { afterAll, describe, expect, it } from 'vitest';
import { useDatabase } from '../../../support/database';
import { eventually } from '../../../support/eventually';
import { jobOf } from '../../../support/job';
import { RunWorld } from '../../../support/runWorld';

const { database } = useDatabase();
const world = new RunWorld(database);
const at = new Date('2026-01-01T01:00:00Z');
afterAll(() => world.close());

describe('the intake of a worker', () => {
  it('drops what is announced while this member holds no lease', async () => {
    const { service, member, clocks, log } = await world.worker('a');
    const job = jobOf({ name: 'unleased' });
    const hint = await world.define(job);
    clocks.pass(11_000);
    service.accept([hint(at)]);
    await eventually('it has been dropped', () => log.has('intake.withoutLease'));
    expect(await world.runs(job.name)).toEqual([]);
    await member.renew();
    service.accept([hint(at)]);
    expect(await world.ended(job.name)).toMatchObject([{ state: 'succeeded', fence: 1 }]);
  });
});
