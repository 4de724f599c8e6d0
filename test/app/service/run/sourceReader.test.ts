import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { SourceError } from '../../../../app/domain/errors';
import { SourceReader } from '../../../../app/service/run/sourceReader';
import { TimeLimit } from '../../../../app/service/run/timeLimit';
import type { AnySource } from '../../../../app/source/types';

const never = new AbortController().signal;

/** A source that says how many read it at once. */
function world(settings: Record<string, unknown> = {}, workers = 1) {
  const seen = { loads: 0, inside: 0, most: 0 };
  const source: AnySource = {
    kind: 'counting',
    settings: z.unknown(),
    query: z.unknown(),
    test: async () => ({ message: '' }),
    close: async () => {},
    read: async () => {
      seen.inside += 1;
      seen.most = Math.max(seen.most, seen.inside);
      await new Promise(resolve => setTimeout(resolve, 5));
      seen.inside -= 1;
      return [{ labels: {}, value: 1 }];
    },
  };
  const reader = new SourceReader({
    sources: new Map([['counting', source]]),
    loadSource: async name => {
      seen.loads += 1;
      return name === 'there' ? { kind: 'counting', settings } : null;
    },
    outbound: { purpose: 'source', allowNets: [], allowLoopback: true },
    forbiddenDatabase: { hosts: [], database: '' },
    workers,
  });
  return { reader, seen };
}

const read = (reader: SourceReader, signal = never, limit = new TimeLimit(60_000)) =>
  reader.read({ name: 'there', query: 'q', queryId: 'id' }, limit, signal).finally(() => limit.end());

describe('SourceReader', () => {
  it("keeps to the source's maxConcurrent, shared by the workers of the host", async () => {
    const { reader, seen } = world({ maxConcurrent: 6 }, 2);
    await Promise.all(Array.from({ length: 20 }, () => read(reader)));
    expect(seen.most).toBe(3);
  });

  it('reads the definition once for the runs that start together, and anew for later ones', async () => {
    const { reader, seen } = world();
    await Promise.all(Array.from({ length: 20 }, () => read(reader)));
    expect(seen.loads).toBe(1);
    await read(reader);
    expect(seen.loads).toBe(2);
  });

  it('gives up its place in the queue when it is aborted, and keeps nobody else waiting', async () => {
    const { reader } = world({ maxConcurrent: 1 });
    const aborting = new AbortController();
    const [first, second, third] = [read(reader), read(reader, aborting.signal), read(reader)];
    const refused = expect(second).rejects.toThrow('enough');
    aborting.abort(new Error('enough'));
    await refused;
    expect(await Promise.all([first, third])).toHaveLength(2);
  });

  it('does not count the wait for a place as the time of a run', async () => {
    const { reader } = world({ maxConcurrent: 1 });
    const limits = Array.from({ length: 20 }, () => new TimeLimit(60));
    await Promise.all(limits.map(limit => read(reader, never, limit)));
    expect(limits.filter(limit => limit.isPassed)).toEqual([]);
  });

  it('names a source that is not there', async () => {
    const { reader } = world();
    const limit = new TimeLimit(60_000);
    const gone = { name: 'gone', query: 'q', queryId: 'id' };
    await expect(reader.read(gone, limit, never).finally(() => limit.end())).rejects.toThrow(
      new SourceError('noSource', 'There is no source "gone".'),
    );
  });
});
