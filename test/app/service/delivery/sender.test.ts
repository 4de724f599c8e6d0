import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { deliveryModel } from '../../../../app/model/delivery';
import { WecomReceiver } from '../../../../tools/demo/wecomReceiver';
import { useDatabase } from '../../../support/database';
import { DeliveryWorld } from '../../../support/deliveryWorld';
import { eventually } from '../../../support/eventually';
import { WebhookReceiver } from '../../../support/webhookReceiver';

const { database } = useDatabase();
const hook = new WebhookReceiver();
const wecom = new WecomReceiver({
  keys: ['good', 'slow', 'lost', 'left', 'full', 'mended', 'parts', 'held'],
  limit: 20,
});
let world: DeliveryWorld;

beforeAll(() => Promise.all([hook.start(), wecom.start()]));
afterAll(() => Promise.all([hook.stop(), wecom.stop()]));

beforeEach(async () => {
  world = new DeliveryWorld(database);
  await world.channel('hook', 'webhook', { url: hook.url });
});

afterEach(async () => {
  hook.behaveNormally();
  wecom.behaveNormally();
  await world.stop();
});

function twoMembers() {
  const members = [world.member(), world.member()];
  for (const { loop } of members) loop.start();
  return members;
}

async function becomes(job: string, states: string) {
  await eventually(`${job} to be ${states}`, async () => {
    const found = await world.states(job);
    if (found !== states)
      throw new Error(`${found} ${JSON.stringify((await world.of(job)).map(({ error }) => error))}`);
    return true;
  });
}

describe('a message on its way', () => {
  it('reaches the webhook once, with its key and fence, although two members are awake', async () => {
    twoMembers();
    await world.alert('once', 'firing', 1, 'firing', ['hook']);
    await becomes('once', 'firing sent');
    const [delivery] = await world.of('once');
    expect(hook.takenById().get('once.1.0:1:hook')).toBe(1);
    expect(hook.calls.at(-1)?.fence).toBe(delivery?.fence);
    expect(delivery).toMatchObject({ attempts: 1, partsSent: 1, error: null });
    expect(delivery).not.toHaveProperty('slot');
    expect(delivery?.sentAt).toBeInstanceOf(Date);
  });

  it('is never sent twice when many messages meet several members', async () => {
    const members = [...twoMembers(), world.member()];
    members[2]?.loop.start();
    const jobs = Array.from({ length: 40 }, (_, index) => `many-${index}`);
    await Promise.all(jobs.map(job => world.alert(job, 'firing', 1, 'firing', ['hook'])));
    const sent = { job: /^many-/, state: 'sent' };
    const count = () => database.collection(deliveryModel).countDocuments(sent);
    await eventually('all are sent', async () => (await count()) === jobs.length);
    for (const job of jobs) expect(hook.takenById().get(`${job}.1.0:1:hook`)).toBe(1);
  });

  it('keeps the order of one alert: what is newer is never overtaken', async () => {
    twoMembers();
    for (let seq = 1; seq <= 13; seq += 1) {
      await world.alert('order', seq % 2 === 1 ? 'firing' : 'ok', seq, seq % 2 === 1 ? 'firing' : 'resolved', ['hook']);
    }
    await eventually('all decided', async () => {
      const found = await world.of('order');
      return found.length === 13 && found.every(({ state }) => state === 'sent' || state === 'folded');
    });
    const seqs = hook.taken.filter(({ id }) => id?.startsWith('order.')).map(({ id }) => Number(id?.split(':')[1]));
    expect(seqs).toEqual([...seqs].sort((a, b) => a - b));
    expect(seqs.at(-1)).toBe(13);
  });

  it('folds a "resolved" together with its "firing" that nobody was told', async () => {
    await world.alert('flap', 'firing', 1, 'firing', ['hook']);
    await world.alert('flap', 'ok', 2, 'resolved', ['hook']);
    twoMembers();
    await becomes('flap', 'firing folded, resolved folded');
    expect((await world.of('flap'))[0]?.supersededBy).toBe('flap.1.0:2:hook');
    expect(hook.calls.filter(({ id }) => id?.startsWith('flap.'))).toEqual([]);
  });

  it('waits while an older message of the same alert is being sent', async () => {
    hook.behave({ type: 'slow', delayMs: 600 }, 1);
    twoMembers();
    await world.alert('slow', 'firing', 1, 'firing', ['hook']);
    await eventually('the first is on its way', async () => (await world.states('slow')) === 'firing sending');
    await world.alert('slow', 'ok', 2, 'resolved', ['hook']);
    await becomes('slow', 'firing sent, resolved sent');
    const [first, second] = await world.of('slow');
    expect(second?.claimedAt?.getTime()).toBeGreaterThanOrEqual(first?.sentAt?.getTime() ?? Number.POSITIVE_INFINITY);
  });

  it('fails with a reason when its channel does not exist any more', async () => {
    twoMembers();
    await world.alert('orphan', 'firing', 1, 'firing', ['gone']);
    await becomes('orphan', 'firing failed');
    expect((await world.of('orphan'))[0]?.error?.code).toBe('channelDeleted');
  });
});

describe('a remote that does not take it', () => {
  it('is asked again with the same key and a higher fence', async () => {
    hook.answer(500, {}, 1);
    twoMembers();
    await world.alert('again', 'firing', 1, 'firing', ['hook']);
    await becomes('again', 'firing sent');
    const calls = hook.calls.filter(({ id }) => id === 'again.1.0:1:hook');
    expect(calls).toHaveLength(2);
    expect(calls[1]?.fence).toBe((calls[0]?.fence ?? 0) + 1);
    expect((await world.of('again'))[0]?.attempts).toBe(2);
  });

  it('breaks its channel when it refuses for good, and gets everything once the channel is mended', async () => {
    await world.channel('robot', 'wecom-robot', { url: wecom.url('no-such-robot') });
    twoMembers();
    await world.alert('b1', 'firing', 1, 'firing', ['robot']);
    await eventually('broken', async () => (await world.broken('robot'))?.code === '93000');
    await world.alert('b2', 'firing', 1, 'firing', ['robot']);
    await eventually('b2 waits', async () => (await world.of('b2'))[0]?.error?.code === '93000');
    expect(await world.states('b1')).toBe('firing pending');
    expect((await world.of('b1'))[0]?.attempts).toBe(0);
    expect((await world.of('b2'))[0]?.fence).toBe(0);
    await world.channel('robot', 'wecom-robot', { url: wecom.url('mended') });
    await world.deliveries.channelHealed('robot');
    await becomes('b1', 'firing sent');
    await becomes('b2', 'firing sent');
    expect(await world.broken('robot')).toBeNull();
  });

  it('gives up what waited for a broken channel for 24 h', async () => {
    await world.channel('dead', 'wecom-robot', { url: wecom.url('no-such-robot') });
    twoMembers();
    await world.alert('old', 'firing', 1, 'firing', ['dead']);
    await eventually('it waits', async () => (await world.of('old'))[0]?.error?.code === '93000');
    await world.tamper('old.1.0:1:dead', { createdAt: new Date(Date.now() - 86_400_000), nextAttemptAt: new Date(0) });
    await becomes('old', 'firing failed');
  });

  it('holds the whole robot where the remote says that its limit is reached', async () => {
    await world.channel('held', 'wecom-robot', { url: wecom.url('held') });
    wecom.behave({ type: 'answer', answer: { status: 200, body: '{"errcode":45009,"errmsg":"freq"}' } }, 1);
    twoMembers();
    await world.alert('h1', 'firing', 1, 'firing', ['held']);
    await eventually('h1 held', async () => (await world.of('h1'))[0]?.error?.code === '45009');
    await world.alert('h2', 'firing', 1, 'firing', ['held']);
    await eventually('h2 waits', async () => (await world.of('h2'))[0]?.error?.code === 'budget');
    expect((await world.of('h1'))[0]?.attempts).toBe(0);
    expect((await world.of('h2'))[0]?.nextAttemptAt.getTime()).toBeGreaterThan(Date.now() + 50_000);
  });
});

describe('a send of unknown outcome', () => {
  it('is made once more, marked as a possible duplicate', async () => {
    await world.channel('lost', 'wecom-robot', { url: wecom.url('lost') });
    wecom.behave({ type: 'reset' }, 1);
    twoMembers();
    await world.alert('unknown', 'firing', 1, 'firing', ['lost']);
    await becomes('unknown', 'firing uncertain');
    await world.alert('unknown', 'firing', 1, null, []);
    await becomes('unknown', 'firing sent');
    const texts = wecom.messages.filter(({ key }) => key === 'lost').map(({ content }) => content);
    expect(texts).toHaveLength(2);
    expect(texts[0]).not.toMatch(/possible duplicate/i);
    expect(texts[1]).toMatch(/possible duplicate/i);
  });

  it('is left where the channel says so, and a later "resolved" is told because it may have arrived', async () => {
    await world.channel('left', 'wecom-robot', { url: wecom.url('left'), onUncertain: 'leave' });
    wecom.behave({ type: 'reset' }, 1);
    twoMembers();
    await world.alert('leave', 'firing', 1, 'firing', ['left']);
    await becomes('leave', 'firing uncertain');
    expect((await world.of('leave'))[0]).not.toHaveProperty('slot');
    await world.alert('leave', 'ok', 2, 'resolved', ['left']);
    await becomes('leave', 'firing uncertain, resolved sent');
    expect(wecom.messages.filter(({ key }) => key === 'left')).toHaveLength(2);
  });
});

describe('the budget', () => {
  it('of a robot is shared by two members and two channels: 20 arrive, the rest waits and says why', async () => {
    await world.channel('full-a', 'wecom-robot', { url: wecom.url('full') });
    await world.channel('full-b', 'wecom-robot', { url: wecom.url('full') });
    twoMembers();
    const jobs = Array.from({ length: 24 }, (_, index) => `full-${index}`);
    const channelOf = (index: number) => (index % 2 === 0 ? 'full-a' : 'full-b');
    await Promise.all(jobs.map((job, index) => world.alert(job, 'firing', 1, 'firing', [channelOf(index)])));
    await eventually('20 sent and 4 waiting', async () => {
      const all = (await Promise.all(jobs.map(job => world.of(job)))).flat();
      const waiting = all.filter(({ state, error }) => state === 'pending' && error?.code === 'budget');
      return all.filter(({ state }) => state === 'sent').length === 20 && waiting.length === 4;
    });
    expect(wecom.messages.filter(({ key }) => key === 'full')).toHaveLength(20);
  });

  it('is taken for all parts of a message, each sent once and in order', async () => {
    await world.channel('parts', 'wecom-robot', { url: wecom.url('parts'), mentions: ['13800000000'] });
    twoMembers();
    await world.alert('parts', 'firing', 1, 'firing', ['parts']);
    await becomes('parts', 'firing sent');
    expect(wecom.messages.filter(({ key }) => key === 'parts').map(({ msgtype }) => msgtype)).toEqual([
      'markdown',
      'text',
    ]);
    expect((await world.of('parts'))[0]?.partsSent).toBe(2);
  });

  it('records each part before the next is sent', async () => {
    await world.channel('parts', 'wecom-robot', { url: wecom.url('parts'), mentions: ['13800000000'] });
    wecom.behave({ type: 'slow', delayMs: 400 }, 2);
    twoMembers();
    const before = wecom.requestCount;
    await world.alert('recorded', 'firing', 1, 'firing', ['parts']);
    await eventually('the second is on its way', () => wecom.requestCount === before + 2);
    expect((await world.of('recorded'))[0]).toMatchObject({ state: 'sending', partsSent: 1 });
    await becomes('recorded', 'firing sent');
  });

  it('does not send a part again that was recorded', async () => {
    await world.channel('parts', 'wecom-robot', { url: wecom.url('parts'), mentions: ['13800000000'] });
    await world.alert('rest', 'firing', 1, 'firing', ['parts']);
    for (const owner of await world.outbox('rest')) await world.deliveries.insert(owner, new Date());
    await world.tamper('rest.1.0:1:parts', { partsSent: 1 });
    const before = wecom.messages.length;
    twoMembers();
    await becomes('rest', 'firing sent');
    expect(wecom.messages.slice(before).map(({ msgtype }) => msgtype)).toEqual(['text']);
  });
});

describe('the lease', () => {
  it('that is lost keeps a member from sending; another one sends', async () => {
    const [first] = twoMembers();
    first?.lease.lose();
    await world.alert('leased', 'firing', 1, 'firing', ['hook']);
    await becomes('leased', 'firing sent');
    expect((await world.of('leased'))[0]?.member).not.toBe(first?.lease.memberId);
  });

  it('that ends while the remote hangs ends the request: its outcome is unknown', async () => {
    await world.channel('left', 'wecom-robot', { url: wecom.url('left'), onUncertain: 'leave' });
    wecom.behave({ type: 'hang' }, 1);
    const { loop, lease } = world.member();
    loop.start();
    const before = wecom.requestCount;
    await world.alert('hanging', 'firing', 1, 'firing', ['left']);
    await eventually('the remote has it', () => wecom.requestCount > before);
    lease.lose();
    await becomes('hanging', 'firing uncertain');
    expect((await world.of('hanging'))[0]?.error?.code).toBe('aborted');
  });

  it('that has passed by the time the connection stands sends nothing: it starts over and claims anew', async () => {
    const { loop, lease } = world.member();
    // Asked before connecting, for the limit of the request, and when the connection stands.
    const left = [10_000, 10_000, 0];
    lease.remainingMs = () => left.shift() ?? 10_000;
    loop.start();
    await world.alert('connecting', 'firing', 1, 'firing', ['hook']);
    await becomes('connecting', 'firing sent');
    const calls = hook.calls.filter(({ id }) => id === 'connecting.1.0:1:hook');
    expect(calls.map(({ fence }) => fence)).toEqual([2]);
    expect((await world.of('connecting'))[0]).toMatchObject({ attempts: 1, possibleDuplicate: false });
  });

  it('is not enough when the look at the mutes is older than a second: it starts over and claims anew', async () => {
    let late = 3;
    let now = 0;
    const monotonic = () => {
      if (late === 0) return performance.now();
      late -= 1;
      now += 1500;
      return now;
    };
    world.member({ monotonic }).loop.start();
    await world.alert('late', 'firing', 1, 'firing', ['hook']);
    await becomes('late', 'firing sent');
    const [delivery] = await world.of('late');
    expect(delivery?.fence).toBeGreaterThan(1);
    expect(delivery?.attempts).toBe(1);
    expect(hook.takenById().get('late.1.0:1:hook')).toBe(1);
  });
});
