import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Deliveries } from '../../../../app/repository/deliveries';
import { useDatabase } from '../../../support/database';
import { DeliveryWorld } from '../../../support/deliveryWorld';
import { eventually } from '../../../support/eventually';
import { WebhookReceiver } from '../../../support/webhookReceiver';

const { database } = useDatabase();
const hook = new WebhookReceiver();
const hour = { forMs: 3_600_000 };
let world: DeliveryWorld;

beforeAll(() => hook.start());
afterAll(() => hook.stop());

beforeEach(async () => {
  world = new DeliveryWorld(database);
  await world.channel('hook', 'webhook', { url: hook.url });
  for (const { loop } of [world.member(), world.member()]) loop.start();
});

afterEach(async () => {
  hook.behaveNormally();
  await world.stop();
});

const to = ['hook'];

async function becomes(job: string, states: string) {
  await eventually(`${job} to be ${states}`, async () => {
    const found = await world.states(job);
    if (found !== states) throw new Error(found);
    return true;
  });
}

function received(job: string): string[] {
  return hook.taken.flatMap(({ id }) => (id?.startsWith(`${job}.`) ? [id] : []));
}

async function closed(job: string, end: Parameters<DeliveryWorld['service']['close']>[1] = hour): Promise<void> {
  await world.job(job);
  await world.service.close([job], end, 'me');
}

async function heldSeqs(job: string): Promise<number[]> {
  return (await world.of(job)).filter(({ held }) => held).map(({ seq }) => seq);
}

describe('while a mute holds', () => {
  it('messages are recorded with the mute that held them, nothing is sent, and only the newest is held', async () => {
    await closed('quiet');
    await world.alert('quiet', 'firing', 1, 'firing', to);
    await becomes('quiet', 'firing muted');
    await world.alert('quiet', 'firing', 2, 'repeat', to);
    await becomes('quiet', 'firing muted, repeat muted');
    await eventually('one is held', async () => String(await heldSeqs('quiet')) === '2');
    const [mute] = (await world.mutes.active()).filter(({ closeName }) => closeName === 'quiet');
    expect((await world.of('quiet'))[0]).toMatchObject({ mutedBy: [mute?._id], attempts: 0, sentAt: null });
    expect(received('quiet')).toEqual([]);
  });

  it('another job is sent', async () => {
    await closed('quiet-one');
    await world.alert('quiet-one', 'firing', 1, 'firing', to);
    await world.alert('loud-one', 'firing', 1, 'firing', to);
    await becomes('loud-one', 'firing sent');
    await becomes('quiet-one', 'firing muted');
  });

  it('a mute by matchers holds as well', async () => {
    await world.service.create(
      { matchers: [{ label: 'job', op: '=~', value: 'area-.*' }], forMs: 60_000, note: 'works' },
      'me',
    );
    await world.alert('area-51', 'firing', 1, 'firing', to);
    await becomes('area-51', 'firing muted');
  });
});

describe('when the mute ends', () => {
  it('by /open, the newest message is sent if the alert still fires', async () => {
    await closed('still');
    await world.alert('still', 'firing', 1, 'firing', to);
    await world.alert('still', 'firing', 2, 'repeat', to);
    await eventually('held', async () => String(await heldSeqs('still')) === '2');
    await world.service.open(['still'], 'me');
    await eventually('sent', async () => (await world.states('still')).endsWith('repeat sent'));
    expect(received('still')).toEqual(['still.1.0:2:hook']);
    expect(await heldSeqs('still')).toEqual([]);
  });

  it("by MongoDB's clock, it is sent too", async () => {
    await closed('short', { forMs: 1000 });
    await world.alert('short', 'firing', 1, 'firing', to);
    await becomes('short', 'firing muted');
    await becomes('short', 'firing sent');
    const [delivery] = await world.of('short');
    expect(delivery?.mutedBy).toEqual([]);
  });

  it('nothing is sent of a trouble that came and went unheard', async () => {
    await closed('unheard');
    await world.alert('unheard', 'firing', 1, 'firing', to);
    await becomes('unheard', 'firing muted');
    await world.alert('unheard', 'ok', 2, 'resolved', to);
    await eventually('resolved decided', async () => /resolved (muted|folded)/.test(await world.states('unheard')));
    await world.service.open(['unheard'], 'me');
    await eventually('nothing is held', async () => (await heldSeqs('unheard')).length === 0);
    expect(received('unheard')).toEqual([]);
  });

  it('"resolved" is sent if "firing" had been told before the mute', async () => {
    await world.alert('heard', 'firing', 1, 'firing', to);
    await becomes('heard', 'firing sent');
    await closed('heard');
    await world.alert('heard', 'ok', 2, 'resolved', to);
    await becomes('heard', 'firing sent, resolved muted');
    await world.service.open(['heard'], 'me');
    await becomes('heard', 'firing sent, resolved sent');
  });

  it('a repeat is dropped if the alert recovered without a word', async () => {
    await world.alert('silent', 'firing', 1, 'firing', to);
    await becomes('silent', 'firing sent');
    await closed('silent');
    await world.alert('silent', 'firing', 2, 'repeat', to);
    await becomes('silent', 'firing sent, repeat muted');
    await world.alert('silent', 'ok', 3, null, []);
    await world.service.open(['silent'], 'me');
    await eventually('nothing is held', async () => (await heldSeqs('silent')).length === 0);
    expect(await world.states('silent')).toBe('firing sent, repeat muted');
  });

  it('another mute that still matches holds it, and is named', async () => {
    await closed('twice');
    await world.alert('twice', 'firing', 1, 'firing', to);
    await becomes('twice', 'firing muted');
    const other = await world.service.create(
      { matchers: [{ label: 'job', op: '=', value: 'twice' }], forMs: 3_600_000, note: '' },
      'me',
    );
    expect(await world.service.open(['twice'], 'me')).toEqual({ opened: ['twice'], stillMutedBy: [other._id] });
    await eventually('the other is recorded', async () => String((await world.of('twice'))[0]?.mutedBy) === other._id);
    expect(received('twice')).toEqual([]);
    await world.service.end(other._id, 'me');
    await becomes('twice', 'firing sent');
  });
});

/** Deliveries whose claims meet something on their way. */
class Watched extends Deliveries {
  beforeClaim: () => Promise<unknown> = async () => undefined;
  afterClaim: () => Promise<unknown> = async () => undefined;

  override async claim(...given: Parameters<Deliveries['claim']>) {
    await this.beforeClaim();
    const claimed = await super.claim(...given);
    await this.afterClaim();
    return claimed;
  }
}

describe('the promise of /close', () => {
  it('binds a member that had looked at the mutes before, and claims after the answer', async () => {
    await world.stop();
    const deliveries = new Watched(database, 86_400_000);
    await world.job('between');
    deliveries.beforeClaim = () => world.service.close(['between'], hour, 'me');
    world.member({ deliveries }).loop.start();
    await world.alert('between', 'firing', 1, 'firing', to);
    await becomes('between', 'firing muted');
    expect(received('between')).toEqual([]);
  });

  it('names what was claimed before as in flight', async () => {
    await world.stop();
    const deliveries = new Watched(database, 86_400_000);
    await world.job('flying');
    const answers: number[] = [];
    deliveries.afterClaim = async () => {
      answers.push((await world.service.close(['flying'], hour, 'me')).inFlight);
    };
    world.member({ deliveries }).loop.start();
    await world.alert('flying', 'firing', 1, 'firing', to);
    await becomes('flying', 'firing muted');
    expect(answers).toEqual([1]);
  });

  it('holds under load: what is claimed after the answer is never sent, by any member, and what was sent is in flight', async () => {
    hook.behave({ type: 'slow', delayMs: 15 });
    for (let round = 0; round < 8; round += 1) {
      const job = `load-${round}`;
      await world.job(job);
      let seq = 0;
      let going = true;
      const saying = (async () => {
        while (going) {
          seq += 1;
          await world.alert(job, 'firing', seq, seq === 1 ? 'firing' : 'repeat', to);
        }
      })();
      await eventually('some are sent', () => received(job).length >= 2);
      const answer = await world.service.close([job], hour, 'me');
      const answeredAt = await world.now();
      const before = received(job).length;
      await eventually('more were decided', async () => (await world.of(job)).some(({ state }) => state === 'muted'));
      going = false;
      await saying;
      await eventually('all decided', async () =>
        (await world.of(job)).every(({ state }) => !['pending', 'sending'].includes(state)),
      );
      const sent = (await world.of(job)).filter(({ state }) => state === 'sent');
      expect(sent.filter(({ claimedAt }) => (claimedAt ?? answeredAt) > answeredAt)).toEqual([]);
      expect(received(job).length - before).toBeLessThanOrEqual(answer.inFlight);
    }
  }, 60_000);
});
