import { randomBytes } from 'node:crypto';
import { MongoClient } from 'mongodb';
import type { AccessLog } from './accessLog';

/** The access log in a database of its own of the embedded MongoDB, read by a user who may do nothing else. */
export async function mongodbLog(url: string): Promise<AccessLog> {
  const client = await new MongoClient(url, { serverSelectionTimeoutMS: 10_000 }).connect();
  const shop = client.db('shop');
  const requests = shop.collection('access_log');
  await requests.createIndex({ ts: 1 });
  const password = randomBytes(12).toString('hex');
  await shop.command({ createUser: 'watch', pwd: password, roles: ['read'] });
  const reader = new URL(url.replace(/^mongodb:/, 'http:'));
  reader.username = 'watch';
  reader.password = password;
  reader.pathname = '/shop';
  reader.searchParams.set('authSource', 'shop');
  return {
    what: 'the embedded MongoDB, database "shop"',
    source: { kind: 'mongodb', url: reader.toString().replace(/^http:/, 'mongodb:'), timeoutMs: 5000 },
    query: windowS => query(windowS, 'second'),
    realQuery: JSON.stringify(query(10, 'minute')),
    add: async rows => {
      await requests.insertMany(rows.map(row => ({ ...row, ts: new Date() })));
    },
    close: () => client.close(),
  };
}

/** Counts by the database's own clock. All requests are grouped: no 404 among them is the answer 0, not "no data". */
function query(amount: number, unit: string): unknown {
  const from = { $dateSubtract: { startDate: '$$NOW', unit, amount } };
  const notFound = { $cond: [{ $eq: ['$status', 404] }, 1, 0] };
  return {
    collection: 'access_log',
    pipeline: [
      { $match: { $expr: { $gte: ['$ts', from] } } },
      { $group: { _id: null, value: { $sum: notFound } } },
      { $project: { _id: 0, value: 1 } },
    ],
  };
}
