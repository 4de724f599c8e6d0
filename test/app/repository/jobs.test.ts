import { beforeAll, describe, expect, it } from 'vitest';
import { jobModel } from '../../../app/model/definition';
import { counterModel } from '../../../app/model/token';
import { Jobs } from '../../../app/repository/jobs';
import { useDatabase } from '../../support/database';
import { storeJob } from '../../support/storedJob';

const { database } = useDatabase();
const jobs = new Jobs(database);
const names = ['steady', 'changed', 'deleted'];

beforeAll(async () => {
  for (const name of names) await storeJob(database, { name, title: 'first' });
});

describe('The newest definitions', () => {
  it('are as they stand stored, however often they were read before', async () => {
    expect([...(await jobs.current(names)).keys()].sort()).toEqual(['changed', 'deleted', 'steady']);
    await storeJob(database, { name: 'changed', title: 'second', revision: 2 });
    await database.collection(jobModel).updateOne({ _id: 'deleted' }, { $set: { deleted: true, spec: null } });
    const now = await jobs.current(names);
    expect([...now.keys()].sort()).toEqual(['changed', 'steady']);
    expect(now.get('changed')?.title).toBe('second');
    expect(now.get('steady')?.title).toBe('first');
  });

  it('are not taken for known where only the revision is the same, as after a backup was restored', async () => {
    await jobs.current(['steady']);
    await storeJob(database, { name: 'steady', title: 'restored', plannedFromAt: new Date('2026-02-01T00:00:00Z') });
    expect((await jobs.current(['steady'])).get('steady')?.title).toBe('restored');
  });

  it('are read anew after any write of a definition, also where a restored counter has come to the same value', async () => {
    const titleAfter = async (title: string, value: number, at: Date) => {
      const name = 'steady';
      await storeJob(database, { name, title, revision: value, plannedFromAt: at });
      await database.collection(counterModel).replaceOne({ _id: 'revision' }, { value, at }, { upsert: true });
      await jobs.current([name]);
      return (await jobs.current([name])).get(name)?.title;
    };
    expect(await titleAfter('tenth', 10, new Date('2026-03-01T00:00:00Z'))).toBe('tenth');
    expect(await titleAfter('eleventh', 11, new Date('2026-03-02T00:00:00Z'))).toBe('eleventh');
    expect(await titleAfter('tenth again', 10, new Date('2026-03-03T00:00:00Z'))).toBe('tenth again');
    expect(await titleAfter('eleventh again', 11, new Date('2026-03-04T00:00:00Z'))).toBe('eleventh again');
  });
});
