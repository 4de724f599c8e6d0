import { ReadConcern } from 'mongodb';
import { z } from 'zod';
import { appNameIn, type Database } from './database';

const operationSchema = z.object({ lsid: z.object({ id: z.unknown() }) });
const limitMs = 2500;

/**
 * The transactions that MongoDB holds open. One whose process was killed stays for up to a minute
 * (transactionLifetimeLimitSeconds), and so long nobody else can write what it has written: runs, alerts, the counter of
 * revisions.
 */
export class Transactions {
  /** `appNames` are those under which the transactions are made. */
  constructor(
    private readonly database: Database,
    private readonly appNames: readonly string[],
  ) {}

  /**
   * Ends those over this database that wait for their next command and are older than any may become; answers how
   * many. Only the user's own are seen and ended, which needs no privilege.
   */
  async endAbandoned(olderThanMs: number): Promise<number> {
    const { client, db } = this.database;
    const abandoned = {
      type: 'idleSession',
      appName: { $in: this.appNames.map(name => appNameIn(db.databaseName, name)) },
      'transaction.timeOpenMicros': { $gt: olderThanMs * 1000 },
    };
    const admin = client.db('admin', { readConcern: new ReadConcern('local') });
    const found = await admin
      .aggregate([{ $currentOp: { allUsers: false, idleSessions: true } }, { $match: abandoned }], {
        timeoutMS: limitMs,
      })
      .toArray();
    if (found.length === 0) return 0;
    const sessions = found.map(operation => ({ id: operationSchema.parse(operation).lsid.id }));
    await admin.command({ killSessions: sessions }, { timeoutMS: limitMs });
    return sessions.length;
  }
}
