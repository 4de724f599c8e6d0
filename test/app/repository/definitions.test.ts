import { afterAll, describe, expect, it } from 'vitest';
import { counterModel } from '../../../app/model/token';
import { Database } from '../../../app/repository/database';
import { composeApi } from '../../support/composeApi';
import { useDatabase } from '../../support/database';
import { smallJobBody, sourceBody } from '../../support/definitions';

const { database, url } = useDatabase();
const options = { by: 'test', precondition: { type: 'none' }, dryRun: false } as const;
const workers = Array.from({ length: 4 }, () => composeApi(url, { closeTokenInQuery: false }));
afterAll(async () => {
  for (const worker of workers) await worker.close();
});

describe('definitions written through several workers at a time', () => {
  it('are all stored, each with a revision of its own and none left out', async () => {
    await workers[0]?.definitions.sources.put('access-log', sourceBody, options);
    const before = counterModel.schema.parse(
      await database.collection(counterModel).findOne({ _id: 'revision' }),
    ).value;
    const writes = workers.flatMap((worker, number) =>
      Array.from({ length: 15 }, (_, index) =>
        worker.definitions.jobs.put('busy', { ...smallJobBody, title: `${number}.${index}` }, options),
      ),
    );
    const revisions = (await Promise.all(writes)).map(written => written.revision).sort((a, b) => a - b);
    expect(revisions).toEqual(Array.from({ length: 60 }, (_, index) => before + 1 + index));
    expect((await workers[0]?.definitions.jobs.get('busy'))?.['revision']).toBe(revisions.at(-1));
  });

  it('leave no job whose source is gone, whoever is faster', async () => {
    const orphans: string[] = [];
    const [first, second, third] = workers;
    for (let round = 0; round < 25; round++) {
      const name = `raced-${round}`;
      await first?.definitions.sources.put(name, sourceBody, options);
      const body = { ...smallJobBody, check: { ...smallJobBody.check, source: name } };
      await Promise.allSettled([
        second?.definitions.jobs.put(name, body, options),
        third?.definitions.sources.delete(name, options),
      ]);
      const [source, job] = await Promise.all(
        ['sources', 'jobs'].map(kind => database.db.collection<Stored>(kind).findOne({ _id: name })),
      );
      if (job !== null && source?.deleted !== false) orphans.push(name);
    }
    expect(orphans).toEqual([]);
  });

  it('become visible in the order of their revisions', async () => {
    const reader = new Database({ url, name: 'x', operationMs: 5000, serverSelectionMs: 3000, appName: 'reader' });
    let writing = true;
    const gaps: string[] = [];
    const watch = async () => {
      while (writing) {
        const counter = await reader.collection(counterModel).findOne({ _id: 'revision' });
        const newest = counterModel.schema.parse(counter).value;
        const shown = await Promise.all(['v0', 'v1', 'v2', 'v3'].map(name => revisionOf(reader, name)));
        if (Math.max(...shown) < newest && shown.some(revision => revision > 0))
          gaps.push(`${newest}: ${shown.join()}`);
      }
    };
    const watching = watch();
    for (let round = 0; round < 10; round++) {
      const puts = workers.map((worker, number) =>
        worker.definitions.jobs.put(`v${number}`, { ...smallJobBody, title: `${round}` }, options),
      );
      await Promise.all(puts);
    }
    writing = false;
    await watching;
    await reader.close();
    expect(gaps).toEqual([]);
  });
});

interface Stored {
  _id: string;
  deleted: boolean;
}

async function revisionOf(reader: Database, name: string): Promise<number> {
  const stored = await reader.db.collection<{ _id: string; revision: number }>('jobs').findOne({ _id: name });
  return stored?.revision ?? 0;
}
