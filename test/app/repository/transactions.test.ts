import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { runModel } from '../../../app/model/run';
import { Database } from '../../../app/repository/database';
import { Transactions } from '../../../app/repository/transactions';
import { useDatabase } from '../../support/database';

const { database, url } = useDatabase();
const open: Database[] = [];

afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

/** A process that writes the counter in a transaction and then says nothing more, as one that was killed. */
async function abandoned(appName: string, id: string): Promise<void> {
  const other = new Database({ url, name: 'x', operationMs: 10_000, serverSelectionMs: 3000, appName });
  open.push(other);
  const session = other.client.startSession();
  session.startTransaction();
  await other.collection(runModel).updateOne({ _id: id }, { $inc: { fence: 1 } }, { upsert: true, session });
}

const write = (id: string, timeoutMS: number) =>
  database.collection(runModel).updateOne({ _id: id }, { $inc: { fence: 10 } }, { upsert: true, timeoutMS });

describe('Transactions', () => {
  it('ends what a killed process left open, so that others can write what it held', async () => {
    await abandoned('killed', 'a');
    await expect(write('a', 300)).rejects.toThrow(/time/i);
    expect(await new Transactions(database, ['killed']).endAbandoned(200)).toBe(1);
    await write('a', 3000);
    expect(await database.collection(runModel).findOne({ _id: 'a' })).toMatchObject({ fence: 10 });
    expect(await new Transactions(database, ['killed']).endAbandoned(200)).toBe(0);
  });

  it('leaves a transaction that may still be going on', async () => {
    await abandoned('young', 'b');
    await sleep(100);
    expect(await new Transactions(database, ['young']).endAbandoned(5000)).toBe(0);
    await expect(write('b', 300)).rejects.toThrow(/time/i);
  });

  it('leaves what other programs and other installations on the same MongoDB have open', async () => {
    await abandoned('somebody', 'c');
    const elsewhere = new Database({
      url: url.replace('/wb_', '/xx_'),
      name: 'x',
      operationMs: 10_000,
      serverSelectionMs: 3000,
      appName: 'killed',
    });
    open.push(elsewhere);
    await sleep(100);
    expect(await new Transactions(database, ['killed']).endAbandoned(50)).toBe(0);
    expect(await new Transactions(elsewhere, ['somebody']).endAbandoned(50)).toBe(0);
    expect(await new Transactions(database, ['somebody']).endAbandoned(50)).toBe(1);
  });
});
