import { MongoNetworkError } from 'mongodb';
import { describe, expect, it } from 'vitest';
import { Metrics } from '../../../../app/cluster/metrics';
import type { Outcome } from '../../../../app/domain/delivery/types';
import { Deliveries, type DeliveryRef } from '../../../../app/repository/deliveries';
import { Outcomes } from '../../../../app/service/delivery/outcomes';
import { useDatabase } from '../../../support/database';
import { DeliveryWorld } from '../../../support/deliveryWorld';
import { RecordedLog } from '../../../support/log';

const { database } = useDatabase();
const world = new DeliveryWorld(database);
const sent: Outcome = { transition: { to: 'sent' }, partsSent: 1 };

/** The real writes behind a connection that fails at times. */
class Interrupted extends Deliveries {
  failures = 0;

  override async finish(ref: DeliveryRef, outcome: Outcome): Promise<boolean> {
    if (this.failures > 0) {
      this.failures -= 1;
      throw new MongoNetworkError('connection closed');
    }
    return await super.finish(ref, outcome);
  }
}

async function claimed(job: string) {
  await world.alert(job, 'firing', 1, 'firing', ['hook']);
  for (const owner of await world.outbox(job)) await world.deliveries.insert(owner, new Date());
  const ref = { _id: `${job}.1.0:1:hook`, fence: 0 };
  const delivery = await database.causally(session => world.deliveries.claim(ref, 'host:1:a', session));
  if (typeof delivery === 'string') throw new Error(delivery);
  return delivery;
}

describe('what an attempt came to', () => {
  it('is kept while MongoDB does not take it, and written when it does', async () => {
    const deliveries = new Interrupted(database, 86_400_000);
    const outcomes = new Outcomes(deliveries, new Metrics(), new RecordedLog());
    const delivery = await claimed('kept');
    deliveries.failures = 2;
    await outcomes.finished(delivery, sent);
    await outcomes.retry();
    expect(outcomes.has(delivery._id)).toBe(true);
    expect(await world.states('kept')).toBe('firing sending');
    await outcomes.retry();
    expect(outcomes.has(delivery._id)).toBe(false);
    expect(await world.states('kept')).toBe('firing sent');
  });

  it('is forgotten where another member has taken the delivery', async () => {
    const deliveries = new Interrupted(database, 86_400_000);
    const log = new RecordedLog();
    const outcomes = new Outcomes(deliveries, new Metrics(), log);
    const delivery = await claimed('taken');
    deliveries.failures = 1;
    await outcomes.finished(delivery, sent);
    await world.deliveries.takeOver(delivery, { to: 'pending', afterMs: 0, counted: true, error: null });
    await outcomes.retry();
    expect(outcomes.has(delivery._id)).toBe(false);
    expect(await world.states('taken')).toBe('firing pending');
    expect(log.has('delivery.lost')).toBe(true);
  });

  it('is counted by state', async () => {
    const metrics = new Metrics();
    const outcomes = new Outcomes(world.deliveries, metrics, new RecordedLog());
    await outcomes.finished(await claimed('counted'), sent);
    expect((await metrics.deliveries.get()).values).toEqual([{ labels: { state: 'sent' }, value: 1 }]);
  });
});
