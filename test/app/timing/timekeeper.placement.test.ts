import { describe, expect, it } from 'vitest';
import { jobOf } from '../../support/job';
import { everySecond, pass, start, timekeeperOf, useFakeTime } from '../../support/timekeeper';

useFakeTime();

const zone = (name: string) => ({ zone: name });
const everyHost = (hostLabels = {}) => ({ on: 'every-host' as const, hostLabels });
const one = (hostLabels = {}) => ({ on: 'one' as const, hostLabels });
const tick = (over: Parameters<typeof jobOf>[0] = {}) =>
  jobOf({ name: 'tick', schedule: everySecond, plannedFromAt: start, ...over });

describe('what every host runs', () => {
  it('is announced by each at once under its own key, whatever the others do', async () => {
    const { timekeeper, keys, records } = timekeeperOf({ rank: 3 });
    records.add('tick@2026-01-01T00:00:00.000Z').add('tick@2026-01-01T00:00:00.000Z~b');
    timekeeper.upsert(tick({ placement: everyHost() }));
    await pass(1000);
    expect(keys()).toEqual(['tick@2026-01-01T00:00:00.000Z~a', 'tick@2026-01-01T00:00:01.000Z~a']);
  });

  it('says in its hint where it may run, and the usual job says nothing', async () => {
    const { timekeeper, announced } = timekeeperOf();
    timekeeper.upsert(tick({ placement: everyHost() }));
    timekeeper.upsert(tick({ name: 'usual' }));
    await pass(10);
    const placements = Object.fromEntries(announced.map(({ hint }) => [hint.job, hint.placement]));
    expect(placements).toEqual({ tick: everyHost(), usual: undefined });
  });

  it('is nothing to a host without the labels', async () => {
    const { timekeeper, announced, missed } = timekeeperOf({ labels: zone('us') });
    timekeeper.upsert(tick({ placement: everyHost(zone('eu')) }));
    await pass(60_000);
    expect([announced, missed]).toEqual([[], []]);
  });

  it('ends at a host whose labels are not asked for any more: what it had not begun is recorded as changed', async () => {
    const { timekeeper, announced, ended, missed } = timekeeperOf({ labels: zone('eu') });
    timekeeper.upsert(tick({ placement: everyHost(zone('eu')) }));
    await pass(1000);
    expect(announced).toHaveLength(2);
    const plannedFromAt = new Date(start.getTime() + 1500);
    timekeeper.upsert(tick({ revision: 2, placement: everyHost(zone('us')), plannedFromAt }));
    await pass(60_000);
    expect(announced).toHaveLength(2);
    expect(missed).toEqual([]);
    expect(ended.map(({ at, end }) => [at, end?.why])).toEqual([
      [0, 'changed'],
      [1000, 'changed'],
    ]);
  });

  it('is planned from where this host was covered, not from where all hosts together were', async () => {
    const { timekeeper, missed } = timekeeperOf();
    const plannedFromAt = new Date('2025-12-01T00:00:00Z');
    timekeeper.coverFrom(start.getTime() - 100);
    timekeeper.coverFrom(start.getTime() - 40_000, 'every-host');
    timekeeper.upsert(tick({ placement: everyHost(), plannedFromAt }));
    timekeeper.upsert(tick({ name: 'usual', plannedFromAt }));
    await pass(200);
    expect(missed[0]).toEqual({ job: 'tick', at: -39_000 });
    expect(missed.filter(({ job }) => job === 'usual')).toEqual([]);
  });
});

describe('what hosts with labels run', () => {
  it('is announced by a host that has them', async () => {
    const { timekeeper, keys } = timekeeperOf({ labels: { ...zone('eu'), disk: 'ssd' } });
    timekeeper.upsert(tick({ placement: one(zone('eu')) }));
    await pass(10);
    expect(keys()).toEqual(['tick@2026-01-01T00:00:00.000Z']);
  });

  it('is never announced by another, which only sees to it that it is decided when nobody runs it', async () => {
    const { timekeeper, announced, missed, records } = timekeeperOf({ labels: zone('us') });
    records.add('once@2026-01-01T00:00:00.000Z');
    timekeeper.upsert(
      jobOf({ name: 'once', schedule: { at: start }, plannedFromAt: start, placement: one(zone('eu')) }),
    );
    const later = { at: new Date(start.getTime() + 1000) };
    timekeeper.upsert(jobOf({ name: 'never', schedule: later, plannedFromAt: start, placement: one(zone('eu')) }));
    await pass(30_000);
    expect(announced).toEqual([]);
    expect(missed).toEqual([{ job: 'never', at: 1000 }]);
  });

  it('moves with its labels without being planned anew', async () => {
    const { timekeeper, keys } = timekeeperOf({ labels: zone('eu') });
    timekeeper.upsert(tick({ placement: one(zone('us')) }));
    await pass(1500);
    expect(keys()).toEqual([]);
    timekeeper.upsert(tick({ revision: 2, placement: one(zone('eu')) }));
    await pass(500);
    expect(keys()).toContain('tick@2026-01-01T00:00:02.000Z');
  });
});
