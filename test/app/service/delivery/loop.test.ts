import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { Database } from '../../../../app/repository/database';
import { testDatabaseUrl, useDatabase } from '../../../support/database';
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
afterEach(() => world.stop());
afterAll(() => hook.stop());

it('finds what nobody woke it for within a sweep', async () => {
  await world.alert('unwoken', 'firing', 1, 'firing', ['hook']);
  world.member().loop.start();
  await eventually('sent', async () => (await world.states('unwoken')) === 'firing sent', 3000);
});

it('looks every second, however seldom a sweep was asked for', async () => {
  world.member({ sweepMs: 10_000 }).loop.start();
  await sleep(300);
  await new DeliveryWorld(database).alert('seldom', 'firing', 1, 'firing', ['hook']);
  await eventually('sent', async () => (await world.states('seldom')) === 'firing sent', 4000);
});

it('keeps a slow remote from holding up the others', async () => {
  hook.behave({ type: 'slow', delayMs: 1500 }, 1);
  world.member().loop.start();
  await world.alert('snail', 'firing', 1, 'firing', ['hook']);
  await eventually('the slow one is on its way', async () => (await world.states('snail')) === 'firing sending');
  await world.alert('quick', 'firing', 1, 'firing', ['hook']);
  await eventually('the quick one is sent', async () => (await world.states('quick')) === 'firing sent', 1000);
  expect(await world.states('snail')).toBe('firing sending');
});

it('sends nothing that it has not claimed once its host is drained, but ends what it has; another one sends the rest', async () => {
  hook.behave({ type: 'slow', delayMs: 800 }, 1);
  const drained = world.member();
  drained.loop.start();
  await world.alert('begun', 'firing', 1, 'firing', ['hook']);
  await eventually('it is on its way', async () => (await world.states('begun')) === 'firing sending');
  drained.lease.draining = true;
  await world.alert('waiting', 'firing', 1, 'firing', ['hook']);
  await eventually('what was begun is sent', async () => (await world.states('begun')) === 'firing sent');
  expect(await world.of('waiting')).toEqual([]);
  world.member().loop.start();
  await eventually('the other one sends', async () => (await world.states('waiting')) === 'firing sent');
  expect((await world.of('begun'))[0]?.member).toBe(drained.lease.memberId);
});

it('never makes more attempts at the same time than it may', async () => {
  hook.behave({ type: 'slow', delayMs: 100 });
  const jobs = Array.from({ length: 12 }, (_, index) => `narrow-${index}`);
  for (const job of jobs) await world.alert(job, 'firing', 1, 'firing', ['hook']);
  world.member({ concurrency: 3 }).loop.start();
  let most = 0;
  await eventually('all sent', async () => {
    most = Math.max(most, await world.deliveries.countSending(jobs));
    return (await Promise.all(jobs.map(job => world.states(job)))).every(states => states === 'firing sent');
  });
  hook.behaveNormally();
  expect(most).toBeGreaterThan(0);
  expect(most).toBeLessThanOrEqual(3);
});

it('goes on by itself after MongoDB was away, and says so once a kind', async () => {
  const url = new URL(testDatabaseUrl().replace(/^mongodb:/, 'http:'));
  url.port = '1';
  const text = url.toString().replace(/^http:/, 'mongodb:');
  const away = new Database({ url: text, name: 'x', operationMs: 300, serverSelectionMs: 200, appName: 'test' });
  const lonely = new DeliveryWorld(away);
  const { loop, log } = lonely.member();
  loop.start();
  await eventually('it says what is wrong', () => log.has('delivery.due'), 8000);
  loop.wake();
  const startedAt = performance.now();
  await lonely.stop();
  expect(performance.now() - startedAt).toBeLessThan(2000);
  expect(log.lines.filter(({ event }) => event === 'delivery.due')).toHaveLength(1);
  await away.close();
});
