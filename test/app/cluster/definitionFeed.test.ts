import { describe, expect, it } from 'vitest';
import { DefinitionFeed, type FeedHandler } from '../../../app/cluster/definitionFeed';
import { jobModel } from '../../../app/model/definition';
import { counterModel } from '../../../app/model/token';
import { Revisions } from '../../../app/repository/revisions';
import { useDatabase } from '../../support/database';
import { eventually } from '../../support/eventually';
import { RecordedLog } from '../../support/log';
import { VirtualClocks } from '../../support/virtualClock';

const { database } = useDatabase();

/** Writes a definition as the API does: counter and definition in one transaction. */
async function write(name: string): Promise<number> {
  return await database.transaction(async session => {
    const counter = await database
      .collection(counterModel)
      .findOneAndUpdate(
        { _id: 'revision' },
        { $inc: { value: 1 } },
        { session, upsert: true, returnDocument: 'after' },
      );
    const revision = counterModel.schema.parse(counter).value;
    await database.collection(jobModel).updateOne({ _id: name }, { $set: { revision } }, { session, upsert: true });
    return revision;
  });
}

function feedOf(pollMs = 3_600_000) {
  const revisions = new Revisions(database);
  const loaded = new Set<string>();
  const calls: string[] = [];
  const reported: number[] = [];
  const clocks = new VirtualClocks();
  const handler: FeedHandler = {
    async loadAll() {
      calls.push('all');
      for (const name of await revisions.changedNames('job', 0)) loaded.add(name);
    },
    async loadSince(revision) {
      calls.push(`since ${revision}`);
      for (const name of await revisions.changedNames('job', revision)) loaded.add(name);
    },
    async loadOne(_kind, name) {
      calls.push(`one ${name}`);
      loaded.add(name);
    },
  };
  const report = async (revision: number) => {
    reported.push(revision);
  };
  const options = { pollMs, tombstoneMs: 1000 };
  const feed = new DefinitionFeed(revisions, handler, report, options, new RecordedLog(), () => clocks.monotonic());
  return { feed, handler, loaded, calls, reported, clocks };
}

describe('DefinitionFeed', () => {
  it('loads everything at first and reports the revision that it read', async () => {
    const revision = await write('first');
    const { feed, loaded, reported } = feedOf();
    await feed.look();
    expect(loaded.has('first')).toBe(true);
    expect(reported).toEqual([revision]);
  });

  it('moves to the counter that it read, never to the highest revision met', async () => {
    const { feed } = feedOf();
    await feed.look();
    const before = feed.applied;
    await feed.hint({ kind: 'job', name: 'early', revision: before + 2 });
    expect(feed.applied).toBe(before);
  });

  it('leaves to the next look what is written while it loads', async () => {
    const { feed, loaded, handler } = feedOf();
    await feed.look();
    const seen = await write('seen');
    const load = handler.loadSince;
    handler.loadSince = async revision => {
      await load(revision);
      await write('meanwhile');
    };
    await feed.look();
    handler.loadSince = load;
    expect(feed.applied).toBe(seen);
    expect(loaded.has('meanwhile')).toBe(false);
    await feed.look();
    expect(loaded.has('meanwhile')).toBe(true);
  });

  it('moves on by a hint only where nothing lies between', async () => {
    const { feed, calls } = feedOf();
    await feed.look();
    const revision = await write('hinted');
    await feed.hint({ kind: 'job', name: 'hinted', revision });
    expect(feed.applied).toBe(revision);
    expect(calls.at(-1)).toBe('one hinted');
  });

  it('catches up with what lies between when a hint comes out of order', async () => {
    const { feed, loaded } = feedOf();
    await feed.look();
    await write('between');
    const revision = await write('later');
    await feed.hint({ kind: 'job', name: 'later', revision });
    expect(loaded.has('between')).toBe(true);
    expect(feed.applied).toBe(revision);
  });

  it('loads everything anew after it was away for longer than tombstones are kept', async () => {
    const { feed, calls, clocks } = feedOf();
    await feed.look();
    clocks.pass(500);
    await feed.look();
    expect(calls).toEqual(['all']);
    clocks.pass(1500);
    await feed.look();
    expect(calls).toEqual(['all', 'all']);
  });

  it('finds by its own poll what nobody told it', async () => {
    const { feed, loaded } = feedOf(50);
    feed.start();
    await eventually('it has loaded', () => feed.applied >= 0);
    const revision = await write('untold');
    await eventually('it is in force', () => feed.applied === revision);
    expect(loaded.has('untold')).toBe(true);
    await feed.stop();
  });

  it('never stays behind, whatever order the hints of 30 writes come in', async () => {
    const { feed, loaded } = feedOf();
    await feed.look();
    const names = Array.from({ length: 30 }, (_, index) => `racing-${index}`);
    const revisions = await Promise.all(names.map(write));
    await Promise.all(
      names.map((name, index) => feed.hint({ kind: 'job', name, revision: revisions[index] ?? 0 })).reverse(),
    );
    expect(feed.applied).toBe(Math.max(...revisions));
    for (const name of names) expect(loaded.has(name)).toBe(true);
  });
});
