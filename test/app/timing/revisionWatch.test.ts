import { afterAll, describe, expect, it } from 'vitest';
import { counterModel } from '../../../app/model/token';
import { Database } from '../../../app/repository/database';
import { Revisions } from '../../../app/repository/revisions';
import { RevisionWatch } from '../../../app/timing/revisionWatch';
import { useDatabase } from '../../support/database';
import { eventually } from '../../support/eventually';
import { RecordedLog } from '../../support/log';

const { url } = useDatabase();
/** Operations of this one are late after a second. */
const database = new Database({ url, name: 'unused', operationMs: 1000, serverSelectionMs: 900, appName: 'test' });
const log = new RecordedLog();
let woken = 0;
let hosts = 2;
const watch = new RevisionWatch({ revisions: new Revisions(database), hosts: () => hosts, log }, () => {
  woken += 1;
});
const streams = async () =>
  (
    await database.client
      .db('admin')
      .aggregate([{ $currentOp: { idleCursors: true } }], { readConcern: { level: 'local' } })
      .toArray()
  ).filter(
    ({ ns, cursor }) => ns === `${database.db.databaseName}.${counterModel.collection}` && cursor?.tailable === true,
  ).length;
afterAll(async () => {
  await watch.stop();
  await database.close();
});

describe('RevisionWatch', () => {
  it('wakes at a change of the revision, and waits quietly while there is none', async () => {
    watch.start();
    await eventually('a change wakes', async () => {
      await database.collection(counterModel).updateOne({ _id: 'revision' }, { $inc: { value: 1 } }, { upsert: true });
      return woken > 0;
    });
    const before = woken;
    // Longer than an operation may take: waiting for a change is no operation that is late.
    await new Promise(resolve => setTimeout(resolve, 1500));
    await database.collection(counterModel).updateOne({ _id: 'revision' }, { $inc: { value: 1 } });
    await eventually('the next change wakes too', () => woken > before);
    expect(log.lines).toEqual([]);
  });

  it.each([{ count: 1 }, { count: 5 }])(
    'needs no stream where $count hosts are live, and one again where two are',
    async ({ count }) => {
      await eventually('there is one', async () => (await streams()) === 1, 5000);
      hosts = count;
      await eventually('there is none', async () => (await streams()) === 0, 5000);
      hosts = 2;
      await eventually('there is one again', async () => (await streams()) === 1, 5000);
      expect(log.lines).toEqual([]);
    },
  );
});
