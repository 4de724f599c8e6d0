import { MongoClient } from 'mongodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSources } from '../../../app/source';
import { queryContext } from '../../contract/source/world';
import { testDatabaseUrl } from '../../support/database';

const source = createSources().get('mongodb');
if (source === undefined) throw new Error('mongodb is not registered');

function faults(schema: 'settings' | 'query', given: unknown): string {
  const parsed = source?.[schema].safeParse(given);
  return (parsed?.error?.issues ?? []).map(issue => `${issue.path.join('.')}: ${issue.message}`).join('\n');
}

describe('the settings of a MongoDB source', () => {
  it('have defaults for all but the address', () => {
    expect(source.settings.parse({ url: 'mongodb://a:1,b:2/shop?replicaSet=rs0&tls=true' })).toEqual({
      url: 'mongodb://a:1,b:2/shop?replicaSet=rs0&tls=true',
      timeoutMs: 10_000,
      readPreference: 'secondaryPreferred',
      maxConcurrent: 10,
    });
    expect(faults('settings', { url: 'mongodb+srv://user:p%40ss@cluster.example.com', database: 'shop' })).toBe('');
  });

  it.each([
    [{ url: 'http://a/shop' }, 'url: is not an address such as mongodb://'],
    [{ url: 'mongodb://a' }, 'database: is missing: give it here or in the address'],
    [{ url: 'mongodb://a/local' }, 'database: is a database of the server itself'],
    [{ url: 'mongodb://a', database: 'Admin' }, 'database: is a database of the server itself'],
    [{ url: 'mongodb://a', database: 'a.b' }, 'database: is not the name of a database'],
    [{ url: 'mongodb://a/shop?proxyHost=169.254.169.254' }, 'url: has the parameter "proxyHost", which is not taken'],
    [{ url: 'mongodb://a/shop?tlsCAFile=/etc/passwd' }, 'url: has the parameter "tlsCAFile"'],
    [{ url: 'mongodb://a/shop?authMechanism=MONGODB-AWS' }, 'url: has an authMechanism that is not taken'],
    [{ url: 'mongodb://a/shop?authmechanism=MONGODB-OIDC' }, 'url: has an authMechanism that is not taken'],
    [{ url: 'mongodb://a/shop', readPreference: 'fastest' }, 'readPreference: '],
  ])('refuse %j', (given, message) => {
    expect(faults('settings', given)).toContain(message);
  });

  it('never repeat the password in a fault', () => {
    for (const url of [
      'mongodb://u:hunter2@x@a/shop',
      'mongodb://u:hunter2@a:99999/shop',
      'mongodb://u:hunter2@/shop',
    ]) {
      expect(faults('settings', { url })).toMatch(/url: is not/);
      expect(faults('settings', { url })).not.toContain('hunter2');
    }
  });
});

describe('the query of a MongoDB source', () => {
  it.each([
    ['SELECT 1', 'must be {"collection"'],
    [{ pipeline: [] }, 'collection: '],
    [{ collection: 'a' }, 'pipeline: '],
    [{ collection: 'system.users', pipeline: [] }, 'collection: is a collection of the server itself'],
    [{ collection: 'a', pipeline: [{ $out: 'b' }] }, 'pipeline.0.$out: $out is refused'],
    [{ collection: 'a', pipeline: [{ $match: { text: 'x'.repeat(70_000) } }] }, 'pipeline: is longer than 64 KiB'],
    [{ collection: 'a', pipeline: [], hint: 'b' }, 'hint'],
  ])('refuses %.80j', (given, message) => {
    expect(faults('query', given)).toContain(message);
  });
});

describe('a MongoDB', () => {
  const url = testDatabaseUrl();
  const client = new MongoClient(url);
  const settings = { url, readPreference: 'primary' };

  beforeAll(async () => {
    const now = Date.now();
    const requests = [0, 1, 2, 3].map(minutes => ({
      status: 404,
      ts: new Date(now - minutes * 60_000 - 1000),
      path: '/a',
    }));
    await client.db().collection('requests').insertMany(requests);
  });
  afterAll(async () => {
    await source.close();
    await client.db().dropDatabase();
    await client.close();
  });

  it('counts within a window of time by its own clock', async () => {
    const from = { $dateSubtract: { startDate: '$$NOW', unit: 'second', amount: 100 } };
    const pipeline = [{ $match: { status: 404, $expr: { $gte: ['$ts', from] } } }, { $count: 'value' }];
    const read = source.read(settings, { collection: 'requests', pipeline }, queryContext());
    expect(await read).toEqual([{ labels: {}, value: 2 }]);
  });

  it('understands dates and regular expressions of extended JSON', async () => {
    const since = { $date: new Date(Date.now() - 100_000).toISOString() };
    const pipeline = [
      { $match: { ts: { $gte: since }, path: { $regex: '^/A$', $options: 'i' } } },
      { $count: 'value' },
    ];
    const read = source.read(settings, { collection: 'requests', pipeline }, queryContext());
    expect(await read).toEqual([{ labels: {}, value: 2 }]);
  });

  it('answers nothing for a collection that is not there', async () => {
    expect(await source.read(settings, { collection: 'none', pipeline: [] }, queryContext())).toEqual([]);
  });

  it('says what it is when it is tried', async () => {
    const { message } = await source.test(settings, queryContext());
    expect(message).toMatch(/^MongoDB \d+\.\d+\.\d+, database wb_\w+ shows 1 collections$/);
  });

  it('writes nothing even if a pipeline that writes was stored', async () => {
    const write = source.read(settings, { collection: 'requests', pipeline: [{ $out: 'copy' }] }, queryContext());
    await expect(write).rejects.toMatchObject({ code: 'query' });
    expect(await client.db().listCollections({ name: 'copy' }).toArray()).toEqual([]);
  });
});
