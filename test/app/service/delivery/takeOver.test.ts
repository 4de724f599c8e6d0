import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { WecomReceiver } from '../../../../tools/demo/wecomReceiver';
import { useDatabase } from '../../../support/database';
import { DeliveryWorld } from '../../../support/deliveryWorld';
import { eventually } from '../../../support/eventually';
import { WebhookReceiver } from '../../../support/webhookReceiver';

const { database } = useDatabase();
const hook = new WebhookReceiver();
const wecom = new WecomReceiver({ keys: ['good'] });
let world: DeliveryWorld;

beforeAll(() => Promise.all([hook.start(), wecom.start()]));
afterAll(() => Promise.all([hook.stop(), wecom.stop()]));

beforeEach(async () => {
  world = new DeliveryWorld(database);
  await world.channel('hook', 'webhook', { url: hook.url });
  await world.channel('robot', 'wecom-robot', { url: wecom.url('good') });
  await world.channel('careful', 'wecom-robot', { url: wecom.url('good'), onUncertain: 'leave' });
});

afterEach(() => world.stop());

/** A delivery that a member claimed and then never touched again. */
async function abandoned(job: string, channel: string, member: string) {
  await world.alert(job, 'firing', 1, 'firing', [channel]);
  const id = `${job}.1.0:1:${channel}`;
  const [alert] = await world.outbox(job);
  if (alert === undefined) throw new Error('no outbox');
  await world.deliveries.insert(alert, new Date());
  const claimed = await database.causally(session => world.deliveries.claim({ _id: id, fence: 0 }, member, session));
  if (typeof claimed === 'string') throw new Error(claimed);
  return claimed;
}

async function becomes(job: string, states: string) {
  await eventually(`${job} to be ${states}`, async () => {
    const found = await world.states(job);
    if (found !== states) throw new Error(found);
    return true;
  });
}

describe('a delivery whose member is gone', () => {
  it('is sent by another, with a higher fence, where the remote knows the key', async () => {
    const claimed = await abandoned('gone-hook', 'hook', 'host:9:dead');
    world.member().loop.start();
    await becomes('gone-hook', 'firing sent');
    const call = hook.calls.find(({ id }) => id === claimed._id);
    expect(call?.fence).toBeGreaterThan(claimed.fence);
    expect(await world.deliveries.finish(claimed, { transition: { to: 'sent' }, partsSent: 1 })).toBe(false);
  });

  it('is told once more as a possible duplicate by a robot', async () => {
    await abandoned('gone-robot', 'robot', 'host:9:dead');
    world.member().loop.start();
    await becomes('gone-robot', 'firing uncertain');
    expect((await world.of('gone-robot'))[0]?.error?.code).toBe('memberLost');
    await becomes('gone-robot', 'firing sent');
    expect(wecom.messages.at(-1)?.content).toMatch(/possible duplicate/i);
  });

  it('is left uncertain where the channel says so', async () => {
    const claimed = await abandoned('gone-careful', 'careful', 'host:9:dead');
    const before = wecom.messages.length;
    world.member().loop.start();
    await becomes('gone-careful', 'firing uncertain');
    const [delivery] = await world.of('gone-careful');
    expect(delivery).not.toHaveProperty('slot');
    expect(delivery?.fence).toBe(claimed.fence + 1);
    expect(wecom.messages).toHaveLength(before);
  });

  it('is muted like any other if a mute began meanwhile', async () => {
    await abandoned('gone-muted', 'hook', 'host:9:dead');
    await world.job('gone-muted');
    await world.service.close(['gone-muted'], { forMs: 60_000 }, 'me');
    world.member().loop.start();
    await becomes('gone-muted', 'firing muted');
    expect(hook.calls.filter(({ id }) => id?.startsWith('gone-muted'))).toEqual([]);
  });
});

describe('a delivery whose member lives', () => {
  it('is left to that member', async () => {
    world.live.add('host:8:alive');
    await abandoned('alive', 'hook', 'host:8:alive');
    world.member().loop.start();
    await world.alert('control', 'firing', 1, 'firing', ['hook']);
    await becomes('control', 'firing sent');
    expect(await world.states('alive')).toBe('firing sending');
  });

  it('is not taken where that member came between the look at the deliveries and that at the members', async () => {
    await abandoned('gone-first', 'hook', 'host:9:dead');
    let looks = 0;
    const afterLiveOf = async () => {
      looks += 1;
      if (looks > 1) return;
      world.live.add('host:7:comer');
      await abandoned('comer', 'hook', 'host:7:comer');
    };
    world.member({ afterLiveOf }).loop.start();
    await becomes('gone-first', 'firing sent');
    await eventually('it has looked again', () => looks > 1);
    expect((await world.of('comer'))[0]).toMatchObject({ state: 'sending', fence: 1, member: 'host:7:comer' });
  });

  it('is pending again where that member itself does not know it: its claim was never answered', async () => {
    const member = world.member();
    const claimed = await abandoned('mine', 'robot', member.lease.memberId);
    member.loop.start();
    await becomes('mine', 'firing sent');
    const [delivery] = await world.of('mine');
    expect(delivery).toMatchObject({ attempts: 1, possibleDuplicate: false });
    expect(delivery?.fence).toBeGreaterThan(claimed.fence);
  });
});

describe('a member that ends', () => {
  it('waits for what it is sending', async () => {
    hook.behave({ type: 'slow', delayMs: 300 }, 1);
    const { loop } = world.member();
    loop.start();
    await world.alert('drain', 'firing', 1, 'firing', ['hook']);
    await eventually('sending', async () => (await world.states('drain')) === 'firing sending');
    await loop.stop(2000);
    expect(await world.states('drain')).toBe('firing sent');
  });

  it('aborts what does not end in time and says that its outcome is unknown', async () => {
    wecom.behave({ type: 'hang' }, 1);
    const { loop } = world.member();
    loop.start();
    await world.alert('stuck', 'firing', 1, 'firing', ['careful']);
    await eventually(
      'the remote has it',
      async () => wecom.requestCount > 0 && (await world.states('stuck')) === 'firing sending',
    );
    const startedAt = performance.now();
    await loop.stop(200);
    expect(performance.now() - startedAt).toBeLessThan(1500);
    expect(await world.states('stuck')).toBe('firing uncertain');
  });

  it('claims nothing more', async () => {
    const { loop } = world.member();
    loop.start();
    await loop.stop(100);
    await world.alert('late', 'firing', 1, 'firing', ['hook']);
    loop.wake();
    loop.start();
    expect(await world.states('late')).toBe('');
  });
});
