import { expect, it } from 'vitest';
import type { OutboxOwner } from '../../../../app/repository/deliveries';
import { Relay } from '../../../../app/service/delivery/relay';
import type { OutboxStore } from '../../../../app/service/delivery/types';
import { useDatabase } from '../../../support/database';
import { DeliveryWorld } from '../../../support/deliveryWorld';

const { database } = useDatabase();
const world = new DeliveryWorld(database);
const clock = { now: () => new Date() };

/** The outbox of one job, behind the reading of which something happens. */
function outboxOf(job: string, afterReading: () => void): OutboxStore {
  return {
    withOutbox: async (): Promise<OutboxOwner[]> => {
      const owners = await world.outbox(job);
      afterReading();
      return owners;
    },
    pullOutbox: async () => {},
  };
}

it('makes no delivery of what it read for a lease that is lost meanwhile: another relay does', async () => {
  await world.alert('lapsed', 'firing', 1, 'firing', ['hook']);
  const lease = { valid: true };
  const lapse = () => {
    lease.valid = false;
  };
  await new Relay(outboxOf('lapsed', lapse), world.deliveries, clock, lease).run();
  expect(await world.of('lapsed')).toEqual([]);
  await new Relay(
    outboxOf('lapsed', () => {}),
    world.deliveries,
    clock,
    { valid: true },
  ).run();
  expect(await world.of('lapsed')).toHaveLength(1);
});

it('reads again what it read too long ago: the job may be deleted by then', async () => {
  await world.alert('slow', 'firing', 1, 'firing', ['hook']);
  let now = 0;
  const stopped = () => {
    now += 20_000;
  };
  const relay = new Relay(outboxOf('slow', stopped), world.deliveries, clock, { valid: true }, () => now);
  expect(await relay.run()).toBe(true);
  expect(await world.of('slow')).toEqual([]);
});
