import { afterAll, beforeAll, expect, it } from 'vitest';
import { waitedBehind } from '../../../support/causality';
import { useDatabase } from '../../../support/database';
import { DeliveryWorld } from '../../../support/deliveryWorld';
import { eventually } from '../../../support/eventually';
import { WebhookReceiver } from '../../../support/webhookReceiver';

const { database } = useDatabase();
const hook = new WebhookReceiver();
const world = new DeliveryWorld(database);

beforeAll(async () => {
  await hook.start();
  await world.channel('hook', 'webhook', { url: hook.url });
});

afterAll(async () => {
  await world.stop();
  await hook.stop();
});

it('looks at the mutes in the session of the claim: whoever is the primary by then has to have seen the claim', async () => {
  const { loop } = world.member();
  const waited = await waitedBehind(database, { op: 'command', collection: 'deliveries' }, async () => {
    await world.alert('told', 'firing', 1, 'firing', ['hook']);
    loop.start();
    await eventually('it is sent', async () => (await world.states('told')) === 'firing sent');
  });
  expect(waited).toMatchObject({ deliveries: true, mutes: true });
});
