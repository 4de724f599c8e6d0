import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { NotFoundError, ValidationError } from '../../../app/domain/errors';
import type { MuteInput } from '../../../app/service/mutes';
import { useDatabase } from '../../support/database';
import { DeliveryWorld } from '../../support/deliveryWorld';

const { database } = useDatabase();
const hour = { forMs: 3_600_000 };
const world = new DeliveryWorld(database);
const { service } = world;

beforeAll(async () => {
  for (const job of ['online-404', 'online-500', 'billing']) await world.job(job, { team: 'web' });
});

afterEach(async () => {
  for (const mute of await world.mutes.active()) await world.mutes.end(mute._id, 'test');
});

async function faultsOf(call: Promise<unknown>): Promise<string[]> {
  const error = await call.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(ValidationError);
  return error instanceof ValidationError ? error.errors.map(({ path }) => path) : [];
}

const input = (changes: Partial<MuteInput>): MuteInput => ({
  matchers: [{ label: 'team', op: '=', value: 'web' }],
  note: '',
  ...changes,
});

describe('/close', () => {
  it('names what it closed, until when, and what is in flight', async () => {
    const before = await world.now();
    const answer = await service.close(['online-404', 'online-404', 'billing'], hour, 'me');
    expect(answer.closed).toEqual(['online-404', 'billing']);
    expect(answer.inFlight).toBe(0);
    expect((answer.endsAt?.getTime() ?? 0) - before.getTime()).toBeGreaterThanOrEqual(3_600_000);
    expect(await service.close(['billing'], { forever: true }, 'me')).toMatchObject({ endsAt: null });
  });

  it('changes nothing when one name is unknown, and says which were meant', async () => {
    const call = service.close(['billing', 'online-40'], hour, 'me');
    await expect(call).rejects.toThrow(NotFoundError);
    await expect(call).rejects.toThrow(/online-40".*Did you mean online-404/);
    expect(await world.mutes.active()).toEqual([]);
  });

  it('refuses no name, more than 50, an end that has passed and a span that is none', async () => {
    expect(await faultsOf(service.close([], hour, 'me'))).toEqual(['name']);
    const many = Array.from({ length: 51 }, (_, index) => `job-${index}`);
    expect(await faultsOf(service.close(many, hour, 'me'))).toEqual(['name']);
    expect(await faultsOf(service.close(['billing'], { until: new Date(0) }, 'me'))).toEqual(['until']);
    expect(await faultsOf(service.close(['billing'], { forMs: -1 }, 'me'))).toEqual(['for']);
    expect(await world.mutes.active()).toEqual([]);
  });
});

describe('/open', () => {
  it('is fine where nothing was closed', async () => {
    expect(await service.open(['billing'], 'me')).toEqual({ opened: ['billing'], stillMutedBy: [] });
  });

  it('names the mutes that still hold the job by one of its labels', async () => {
    await service.close(['billing'], hour, 'me');
    const other = await service.create(input({ forMs: 60_000 }), 'me');
    await service.create(input({ matchers: [{ label: 'team', op: '=', value: 'db' }], forMs: 60_000 }), 'me');
    expect(await service.open(['billing'], 'me')).toEqual({ opened: ['billing'], stillMutedBy: [other._id] });
  });

  it('of an unknown name changes nothing', async () => {
    await service.close(['billing'], hour, 'me');
    await expect(service.open(['billing', 'x'], 'me')).rejects.toThrow(NotFoundError);
    expect(await world.mutes.active()).toHaveLength(1);
  });
});

describe('a mute', () => {
  it('needs exactly one end, after its start, and matchers that can be read', async () => {
    const startsAt = new Date(Date.now() + 60_000);
    expect(await faultsOf(service.create(input({}), 'me'))).toEqual(['endsAt']);
    expect(await faultsOf(service.create(input({ forMs: 1, endsAt: startsAt }), 'me'))).toEqual(['endsAt']);
    expect(await faultsOf(service.create(input({ startsAt, endsAt: startsAt }), 'me'))).toEqual(['endsAt']);
    expect(await faultsOf(service.create(input({ forMs: 0 }), 'me'))).toEqual(['for']);
    const bad = { matchers: [{ label: 'job', op: '=~' as const, value: '(' }], note: 'x'.repeat(1001), forMs: 1 };
    expect(await faultsOf(service.create(bad, 'me'))).toEqual(['matchers.0.value', 'note']);
  });

  it('tells before it is made which open alerts it would hold', async () => {
    await world.alert('billing', 'firing', 1, null, []);
    await world.alert('online-404', 'ok', 1, null, []);
    const { alerts, total } = await service.preview([{ label: 'job', op: '!~', value: 'online-.*' }]);
    expect(total).toBe(1);
    expect(alerts).toMatchObject([{ job: 'billing', state: 'firing' }]);
    expect((await service.preview([{ label: 'job', op: '=', value: 'online-404' }])).total).toBe(1);
  });

  it('is named by the alerts that it holds', async () => {
    const mute = await service.create(input({ matchers: [{ label: 'job', op: '=', value: 'a' }], endsAt: null }), 'me');
    expect(await service.mutedBy([{ job: 'a' }, { job: 'b' }])).toEqual([[mute._id], []]);
  });
});
