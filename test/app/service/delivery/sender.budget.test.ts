import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { channels } from '../../../../app/channel';
import { budgetModel } from '../../../../app/model/delivery';
import { Deliveries } from '../../../../app/repository/deliveries';
import { WecomReceiver } from '../../../../tools/demo/wecomReceiver';
import { useDatabase } from '../../../support/database';
import { DeliveryWorld } from '../../../support/deliveryWorld';
import { eventually } from '../../../support/eventually';

const { database } = useDatabase();
const keys = ['quiet', 'late', 'again', 'full'];
const wecom = new WecomReceiver({ keys, limit: 20 });
let world: DeliveryWorld;

beforeAll(() => wecom.start());
afterAll(() => wecom.stop());
beforeEach(async () => {
  world = new DeliveryWorld(database);
  for (const key of keys) await world.channel(key, 'wecom-robot', { url: wecom.url(key) });
});
afterEach(async () => {
  wecom.behaveNormally();
  await world.stop();
});

/** The places that a robot's budget holds; null where nobody has ever asked it for one. */
async function placesOf(robot: string): Promise<string[] | null> {
  const kind = channels.get('wecom-robot');
  const key = kind?.budget(kind.settings.parse({ url: wecom.url(robot) }))?.key;
  const stored = key === undefined ? null : await database.collection(budgetModel).findOne({ _id: key });
  return stored === null ? null : budgetModel.schema.parse(stored).places.map(({ id }) => id);
}

async function becomes(job: string, states: string) {
  await eventually(`${job} to be ${states}`, async () => {
    const found = await world.states(job);
    if (found !== states) throw new Error(found);
    return true;
  });
}

describe('the places of a budget', () => {
  it('are not asked for where a mute is seen to hold', async () => {
    await world.job('quiet');
    await world.service.close(['quiet'], { forMs: 60_000 }, 'me');
    world.member().loop.start();
    await world.alert('quiet', 'firing', 1, 'firing', ['quiet']);
    await becomes('quiet', 'firing muted');
    expect(await placesOf('quiet')).toBeNull();
  });

  it('are given back where a mute begins between the first look and the claim', async () => {
    await world.job('late');
    class ClosedFirst extends Deliveries {
      override async claim(...given: Parameters<Deliveries['claim']>) {
        await world.service.close(['late'], { forMs: 60_000 }, 'me');
        return await super.claim(...given);
      }
    }
    world.member({ deliveries: new ClosedFirst(database, 86_400_000) }).loop.start();
    await world.alert('late', 'firing', 1, 'firing', ['late']);
    await becomes('late', 'firing muted');
    await eventually('given back', async () => (await placesOf('late'))?.length === 0);
    expect(wecom.messages.filter(({ key }) => key === 'late')).toEqual([]);
  });

  it('are for one attempt each: what is tried again takes another', async () => {
    wecom.behave({ type: 'answer', answer: { status: 500, body: 'busy' } }, 1);
    world.member().loop.start();
    await world.alert('again', 'firing', 1, 'firing', ['again']);
    await becomes('again', 'firing sent');
    expect((await world.of('again'))[0]?.attempts).toBe(2);
    expect(await placesOf('again')).toEqual(['again.1.0:1:again#1/0', 'again.1.0:1:again#2/0']);
  });

  it('are waited for unclaimed: nothing waits while it is claimed', async () => {
    const member = world.member();
    member.loop.start();
    const jobs = Array.from({ length: 21 }, (_, index) => `full-${index}`);
    await Promise.all(jobs.map(job => world.alert(job, 'firing', 1, 'firing', ['full'])));
    const [waiting] = await eventually('20 are sent and one waits', async () => {
      const all = (await Promise.all(jobs.map(job => world.of(job)))).flat();
      const rest = all.filter(({ state }) => state !== 'sent');
      return rest.length === 1 && rest[0]?.error?.code === 'budget' && rest;
    });
    expect(waiting).toMatchObject({ state: 'pending', fence: 0, attempts: 0 });
    expect(waiting).not.toHaveProperty('slot');
  });
});
