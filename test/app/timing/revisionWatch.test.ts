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
const watch = new RevisionWatch(
  new Revisions(database),
  () => {
    woken += 1;
  },
  log,
);
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
});
