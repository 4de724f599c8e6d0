import { createHash } from 'node:crypto';
import { MongoClient } from 'mongodb';
import { SourceError } from '../../domain/errors';
import type { QueryContext } from '../types';
import { Members } from './members';
import type { MongoSettings } from './schema';

/** A client that nobody uses for this long is closed. */
const idleMs = 60_000;
const atMost = 50;
const longestSelectionMs = 3000;

interface Kept {
  /** Of the settings alone: the same settings under another policy are another client. */
  settings: string;
  client: MongoClient;
  members: Members;
  users: number;
  idle: NodeJS.Timeout | undefined;
}

/** One client for the same settings and policy; idle ones are closed. */
export class Clients {
  private readonly kept = new Map<string, Kept>();

  /** Lends the client for the time of `work`. Throws NetError `refused` where the policy refuses a host of the settings. */
  async use<T>(
    settings: MongoSettings,
    { outbound }: QueryContext,
    work: (client: MongoClient, members: Members) => Promise<T>,
  ): Promise<T> {
    const key = hash([settings, outbound]);
    const entry = this.kept.get(key) ?? this.open(key, settings, new Members(outbound));
    clearTimeout(entry.idle);
    entry.users += 1;
    try {
      return await work(entry.client, entry.members);
    } finally {
      entry.users -= 1;
      await this.released(key, entry);
    }
  }

  /** Ends the clients of these settings, or all; what still uses them fails. */
  async close(settings?: MongoSettings): Promise<void> {
    const of = settings === undefined ? null : hash([settings]);
    const ending = [...this.kept].filter(([, entry]) => of === null || entry.settings === of);
    await Promise.all(ending.map(([key, entry]) => this.end(key, entry)));
  }

  private open(key: string, settings: MongoSettings, members: Members): Kept {
    if (this.kept.size >= atMost) throw new SourceError('busy', `Already connected to ${atMost} MongoDB sources.`);
    const client = new MongoClient(settings.url, {
      lookup: members.lookup,
      appName: 'watchbell-source',
      maxPoolSize: settings.maxConcurrent,
      maxIdleTimeMS: idleMs,
      connectTimeoutMS: longestSelectionMs,
      serverSelectionTimeoutMS: Math.min(longestSelectionMs, Math.ceil(settings.timeoutMs * 0.8)),
      serverMonitoringMode: 'poll',
      retryReads: false,
    });
    members.watch(client);
    const entry: Kept = { settings: hash([settings]), client, members, users: 0, idle: undefined };
    this.kept.set(key, entry);
    return entry;
  }

  /** A refused client is not used again: the next reading looks anew. */
  private async released(key: string, entry: Kept): Promise<void> {
    if (entry.users > 0 || this.kept.get(key) !== entry) return;
    if (entry.members.refusal.aborted) return await this.end(key, entry);
    entry.idle = setTimeout(() => this.end(key, entry), idleMs);
    entry.idle.unref();
  }

  /** Never throws: a connection that cannot be closed in order is gone already. */
  private async end(key: string, entry: Kept): Promise<void> {
    clearTimeout(entry.idle);
    if (this.kept.get(key) === entry) this.kept.delete(key);
    await entry.client.close().catch(() => undefined);
  }
}

/** Never the password itself: keys of maps are seen in heap dumps. */
function hash(parts: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}
