import type { Document } from 'mongodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { schemaVersion } from '../../app/model/schemaVersion';
import type { Host } from '../support/cluster';
import { ClusterWorld } from '../support/clusterWorld';
import { testDatabaseUrl } from '../support/database';
import { DrillWitness } from '../support/drillWitness';
import { eventually as within } from '../support/eventually';
import { Load } from '../support/load';
import { newField, OtherBuild } from '../support/otherBuild';

const world = new ClusterWorld(testDatabaseUrl());
const witness = new DrillWitness();
const old = new OtherBuild(schemaVersion, '9.0.0');
const newer = new OtherBuild(schemaVersion + 1, '9.1.0');
const newest = new OtherBuild(schemaVersion + 2, '9.2.0');
const job = '/api/v1/jobs/watched';
let a: Host;
let b: Host;
let load: Load;

const host = (name: string, { root }: OtherBuild, hostId?: string) =>
  world.host(name, { root, workers: 1, env: { WATCHBELL_DRILL: 'true' }, ...(hostId && { hostId }) });
/** Two other clusters may run beside this one. */
const eventually = <T>(what: string, check: Parameters<typeof within<T>>[1]) => within(what, check, 30_000);
const raw = (name: string) => world.database.db.collection<Document & { _id: string }>(name);

beforeAll(async () => {
  await Promise.all([world.prepare(), witness.start()]);
  [a, b] = [host('a', old), host('b', old)];
  await Promise.all([a.start(), b.start()]);
  await world.defineNumbers();
  await world.setNumber('watched', 1);
  await world.api.must('PUT', job, world.check('watched'));
  const over = () => ({
    ...{ kind: 'drill', check: undefined, overlap: 'allow' },
    drill: { url: witness.url, workMs: 1500 },
  });
  load = await new Load(world, { name: 'load', jobs: 6, seconds: 240, over }).begin();
}, 120_000);

afterAll(async () => {
  try {
    await world.close();
    await witness.stop();
  } finally {
    for (const build of [old, newer, newest]) build.remove();
  }
}, 60_000);

/** The host goes, and comes back as another build under its id. */
async function restarted(before: Host, build: OtherBuild): Promise<Host> {
  await before.stop();
  return await host('again', build, before.options.hostId).start();
}

async function schemas(of: Host) {
  return (await world.client(of).must('GET', '/api/v1/cluster'))['schema'];
}

async function schemasBecome(of: Host, expected: Record<string, unknown>): Promise<void> {
  await eventually(`schemas are ${JSON.stringify(expected)}`, async () => {
    expect(await schemas(of)).toEqual(expected);
    return true;
  });
}

/** What is stored about the next run that a host claims, and about the job after a change of its title. */
async function nextWrites(by: Host) {
  const since = new Date();
  await world.client(by).must('PATCH', job, { title: `changed at ${since.toISOString()}` });
  const definition = await raw('jobs').findOne({ _id: 'watched' });
  const run = await eventually(`a run of ${by.options.hostId}`, () =>
    raw('runs').findOne({ hostId: by.options.hostId, fence: 1, claimedAt: { $gt: since }, job: 'watched' }),
  );
  return { definition, run };
}

/** What this host has under way when it loses its power is run again: by whom. */
async function takenOverFrom(of: Host): Promise<Set<string>> {
  const held = (id: string) => id.startsWith(`${of.options.hostId}:`);
  const ended = () => new Set(witness.calls.filter(({ phase }) => phase === 'end').map(({ occurrence }) => occurrence));
  const underWay = () => witness.starts().filter(({ member, occurrence }) => held(member) && !ended().has(occurrence));
  await eventually('runs are under way', () => underWay().length > 1);
  await of.crash();
  const lost = underWay().map(({ occurrence }) => occurrence);
  const again = () => witness.starts().filter(({ occurrence, fence }) => lost.includes(occurrence) && fence > 1);
  await eventually('they are started again', () =>
    lost.every(id => again().some(({ occurrence }) => occurrence === id)),
  );
  const by = new Set(again().map(({ member }) => member.split(':')[0] ?? ''));
  await of.start();
  return by;
}

describe('a rolling restart to a version with the next schema, under load', () => {
  it('begins with one host: the newer one writes what the older one knows, and each takes over from the other', async () => {
    a = await restarted(a, newer);
    expect(await schemas(a)).toEqual({
      inForce: schemaVersion,
      members: { [schemaVersion]: 2, [schemaVersion + 1]: 2 },
      newestWritten: schemaVersion,
    });
    const { definition, run } = await nextWrites(a);
    expect(definition).toMatchObject({ v: schemaVersion });
    expect(definition).not.toHaveProperty(newField);
    expect(run).toMatchObject({ v: schemaVersion });
    expect(run).not.toHaveProperty(newField);
    expect(await takenOverFrom(a)).toEqual(new Set([b.options.hostId]));
    expect(await takenOverFrom(b)).toEqual(new Set([a.options.hostId]));
  }, 120_000);

  it('ends with the last host: all write the new form', async () => {
    b = await restarted(b, newer);
    await schemasBecome(b, {
      inForce: schemaVersion + 1,
      members: { [schemaVersion + 1]: 4 },
      newestWritten: schemaVersion + 1,
    });
    const { members } = await world.client(b).must('GET', '/api/v1/cluster');
    const live = Array.isArray(members) ? members.filter(member => member.state === 'live') : [];
    expect(live.map(({ version, schema }) => [version, schema])).toEqual(live.map(() => ['9.1.0', schemaVersion + 1]));
    const form = { v: schemaVersion + 1, [newField]: schemaVersion + 1 };
    await eventually('the new form is written', async () => {
      const { definition, run } = await nextWrites(b);
      expect(definition).toMatchObject({ ...form, spec: { [newField]: schemaVersion + 1 } });
      expect(run).toMatchObject(form);
      return true;
    });
    await world.setNumber('watched', 500);
    await eventually('the alert fires', () => raw('alerts').findOne({ ...form, state: 'firing' }));
  }, 120_000);

  it('misses nothing and starts nothing twice', async () => {
    const until = Date.now();
    const due = load.occurrences().filter(id => Date.parse(String(id.split('@')[1])) <= until);
    const runs = await eventually('all have ended', async () => {
      const records = (await load.records()).filter(run => Number(run.scheduledAt) <= until);
      expect(records.filter(run => run.state !== 'succeeded')).toEqual([]);
      expect(records.map(run => run._id).sort()).toEqual(due.sort());
      return records;
    });
    const starts = witness.starts().filter(({ occurrence }) => due.includes(occurrence));
    expect(new Set(starts.map(({ occurrence }) => occurrence))).toEqual(new Set(due));
    expect(new Set(starts.map(({ occurrence, fence }) => `${occurrence} ${fence}`)).size).toBe(starts.length);
    const shown = await world.client(b).all('/api/v1/runs?state=succeeded');
    expect(shown.filter(run => due.includes(String(run['id'])))).toHaveLength(runs.length);
    for (const name of new Set(runs.map(run => run.job))) await world.client(b).must('DELETE', `/api/v1/jobs/${name}`);
  }, 120_000);
});

describe('going back', () => {
  it('works by one version: the older one keeps what it does not know', async () => {
    const back = await host('back', old).start();
    await schemasBecome(back, {
      inForce: schemaVersion,
      members: { [schemaVersion]: 2, [schemaVersion + 1]: 4 },
      newestWritten: schemaVersion + 1,
    });
    await Promise.all([a.stop(), b.stop()]);
    const { definition, run } = await nextWrites(back);
    expect(definition).toMatchObject({
      ...{ v: schemaVersion + 1, [newField]: schemaVersion + 1 },
      spec: { [newField]: schemaVersion + 1, title: expect.stringContaining('changed at') },
    });
    expect(run).toMatchObject({ v: schemaVersion });
    await world.setNumber('watched', 1);
    const alert = await eventually('the alert recovers', () => raw('alerts').findOne({ state: 'ok' }));
    expect(alert).toMatchObject({ v: schemaVersion + 1, [newField]: schemaVersion + 1 });
    await back.stop();
  }, 120_000);

  it('by two is refused at the start, with what to do', async () => {
    const two = await host('two', newest).start();
    await schemasBecome(two, {
      inForce: schemaVersion + 2,
      members: { [schemaVersion + 2]: 2 },
      newestWritten: schemaVersion + 2,
    });
    await two.stop();
    const sentence = new RegExp(
      `database is ${schemaVersion + 2}, and this Watchbell reads up to ${schemaVersion + 1}: .*docs/guide/upgrading\\.md`,
    );
    await expect(host('far', old).start()).rejects.toThrow(sentence);
  }, 120_000);

  it('finds a schema version in every document that any of them has stored', async () => {
    for (const { name } of await world.database.db.listCollections({}, { nameOnly: true }).toArray()) {
      expect(await raw(name).countDocuments({ v: { $exists: false } }), name).toBe(0);
    }
  });
});
