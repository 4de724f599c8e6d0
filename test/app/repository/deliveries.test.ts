import { describe, expect, it } from 'vitest';
import { deliveryModel } from '../../../app/model/delivery';
import { useDatabase } from '../../support/database';
import { DeliveryWorld } from '../../support/deliveryWorld';

const { database } = useDatabase();
const world = new DeliveryWorld(database);
const { deliveries } = world;

async function made(job: string, seq: number, channels = ['hook']) {
  await world.alert(job, 'firing', seq, 'firing', channels);
  const [owner] = await world.outbox(job);
  if (owner === undefined) throw new Error('no outbox');
  const count = await deliveries.insert(owner, new Date());
  return { owner, count };
}

function claim(id: string, fence: number, member = 'host:1:a') {
  return database.causally(session => deliveries.claim({ _id: id, fence }, member, session));
}

describe('making deliveries of an outbox', () => {
  it('is done once however many relays do it', async () => {
    const { owner, count } = await made('relay', 1, ['a', 'b']);
    expect(count).toBe(2);
    const again = await Promise.all([1, 2, 3].map(() => deliveries.insert(owner, new Date())));
    expect(again).toEqual([0, 0, 0]);
    expect(await world.of('relay')).toHaveLength(2);
  });

  it('puts them in in the order of their messages, whatever that of the outbox', async () => {
    for (const seq of [3, 1, 2]) await world.alert('ordered', 'firing', seq, 'firing', ['hook']);
    const [owner] = (await world.outbox('ordered')).filter(({ outbox }) => outbox.length === 3);
    if (owner === undefined) throw new Error('no outbox');
    expect(await deliveries.insert(owner, new Date())).toBe(3);
    const natural = await database.collection(deliveryModel).find({ job: 'ordered' }).sort({ $natural: 1 }).toArray();
    expect(natural.map(({ seq }) => seq)).toEqual([1, 2, 3]);
  });
});

describe('claiming', () => {
  it('is won by exactly one of many', async () => {
    await made('race', 1);
    const answers = await Promise.all(Array.from({ length: 8 }, (_, n) => claim('race.1.0:1:hook', 0, `host:${n}:x`)));
    expect(answers.filter(answer => typeof answer !== 'string')).toHaveLength(1);
    expect(answers.filter(answer => answer === 'lost')).toHaveLength(7);
  });

  it('finds the slot busy while another message of the alert is being sent on that channel', async () => {
    await made('slot', 1);
    await made('slot', 2);
    expect(await claim('slot.1.0:1:hook', 0)).toMatchObject({ state: 'sending', fence: 1, attempts: 1 });
    expect(await claim('slot.1.0:2:hook', 0)).toBe('busy');
    await deliveries.finish({ _id: 'slot.1.0:1:hook', fence: 1 }, { transition: { to: 'sent' }, partsSent: 1 });
    expect(await claim('slot.1.0:2:hook', 0)).toMatchObject({ state: 'sending' });
  });

  it('keeps the slot for an uncertain one that is tried again, and never claims one that is left', async () => {
    const error = { code: 'x', message: 'y' };
    await made('unsure', 1);
    await made('unsure', 2);
    const ref = { _id: 'unsure.1.0:1:hook', fence: 1 };
    await claim(ref._id, 0);
    await deliveries.finish(ref, { transition: { to: 'uncertain', retryAfterMs: 0, error }, partsSent: 0 });
    expect(await claim('unsure.1.0:2:hook', 0)).toBe('busy');
    expect(await claim(ref._id, 1)).toMatchObject({ possibleDuplicate: true, fence: 2 });
    await deliveries.finish(
      { ...ref, fence: 2 },
      { transition: { to: 'uncertain', retryAfterMs: null, error }, partsSent: 0 },
    );
    expect(await claim(ref._id, 2)).toBe('lost');
    expect((await deliveries.due(100)).map(({ _id }) => _id)).not.toContain(ref._id);
  });

  it('lets a write of an older fence change nothing', async () => {
    await made('stale', 1);
    await claim('stale.1.0:1:hook', 0);
    const ref = { _id: 'stale.1.0:1:hook', fence: 0 };
    expect(await deliveries.finish(ref, { transition: { to: 'sent' }, partsSent: 1 })).toBe(false);
    expect(await deliveries.partSent(ref, 1)).toBe(false);
    expect(await deliveries.changeAwaiting(ref, { to: 'folded', supersededBy: null })).toBe(false);
    expect(await world.states('stale')).toBe('firing sending');
  });

  it('counts what is being sent of some jobs', async () => {
    await made('count-a', 1);
    await made('count-b', 1);
    await claim('count-a.1.0:1:hook', 0);
    expect(await deliveries.countSending(['count-a', 'count-b'])).toBe(1);
  });
});

describe('listing', () => {
  it('filters by the fields and pages through all, newest first', async () => {
    for (let seq = 1; seq <= 5; seq += 1) await made('paged', seq, ['p']);
    const seqs: number[] = [];
    let cursor: string | undefined;
    do {
      const found = await deliveries.list({ job: 'paged', channel: 'p', state: 'pending', limit: 2, cursor });
      seqs.push(...found.items.map(({ seq }) => seq));
      cursor = found.nextCursor ?? undefined;
    } while (cursor !== undefined);
    expect(seqs.sort()).toEqual([1, 2, 3, 4, 5]);
    expect((await deliveries.list({ job: 'paged', state: 'sent', limit: 2 })).items).toEqual([]);
  });
});
