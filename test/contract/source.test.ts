import { existsSync } from 'node:fs';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createSources } from '../../app/source';
import type { AnySource } from '../../app/source/types';
import { eventually } from '../support/eventually';
import { useClickHouseWorld } from './source/clickhouse';
import { useMongoDbWorld } from './source/mongodb';
import { queryContext, type SourceWorld } from './source/world';

const worlds: Record<string, () => () => SourceWorld> = {
  clickhouse: useClickHouseWorld,
  mongodb: useMongoDbWorld,
};

describe('the registry of sources', () => {
  it.each([...createSources()])('holds %s under its own name, from a file of that name', (name, source) => {
    expect(source.kind).toBe(name);
    expect(existsSync(path.join(__dirname, '../../app/source', `${name}.ts`))).toBe(true);
    expect(Object.keys(worlds)).toContain(name);
  });

  it('makes sources anew each time: they share no connections', () => {
    const [first, second] = [createSources(), createSources()];
    for (const [name, source] of first) expect(second.get(name)).not.toBe(source);
  });
});

describe.each([...createSources()])('a source of kind %s', (kind, source) => {
  const world = worlds[kind]?.() ?? missing;
  afterAll(() => source.close());

  it('answers one series per row: the rest of the row are its labels', async () => {
    const { settings, queries } = world();
    expect(await source.read(settings, queries.twoSeries, queryContext())).toEqual([
      { labels: { name: 'a' }, value: 1 },
      { labels: { name: 'b' }, value: 2.5 },
    ]);
  });

  it('goes by what it knows of settings that a newer version has stored', async () => {
    const { settings, queries } = world();
    expect(await source.read({ ...settings, later: 1 }, queries.twoSeries, queryContext())).toHaveLength(2);
  });

  it('answers no series where there is no row, or no value', async () => {
    const { settings, queries } = world();
    expect(await source.read(settings, queries.noRows, queryContext())).toEqual([]);
    expect(await source.read(settings, queries.nullValue, queryContext())).toEqual([]);
  });

  it('names the columns when it cannot tell the value', async () => {
    const { settings, queries } = world();
    const ambiguous = source.read(settings, queries.twoNumbers, queryContext());
    await expect(ambiguous).rejects.toMatchObject({ name: 'SourceError', code: 'ambiguousValue' });
    await expect(ambiguous).rejects.toThrow(/x, y/);
    await expect(source.read(settings, queries.textValue, queryContext())).rejects.toMatchObject({
      code: 'notNumeric',
    });
  });

  it('refuses rows that would be one and the same series', async () => {
    const { settings, queries } = world();
    const same = source.read(settings, queries.sameLabels, queryContext());
    await expect(same).rejects.toMatchObject({ code: 'duplicateSeries' });
    await expect(same).rejects.toThrow(/name=a/);
  });

  it('never cuts an answer in silence', async () => {
    const { settings, queries } = world();
    await expect(source.read(settings, queries.manyRows, queryContext())).rejects.toMatchObject({
      code: 'tooManyRows',
    });
    await expect(source.read(settings, queries.manyBytes, queryContext())).rejects.toMatchObject({
      code: 'tooManyBytes',
    });
  });

  it("throws with the remote's own code and message", async () => {
    const { settings, queries, wrongCredentials } = world();
    const { query, code, message } = queries.wrong;
    const refused = source.read(settings, query, queryContext());
    await expect(refused).rejects.toMatchObject({ name: 'SourceError', code });
    await expect(refused).rejects.toThrow(message);
    const stranger = source.read(wrongCredentials.settings, queries.twoSeries, queryContext());
    await expect(stranger).rejects.toMatchObject({ name: 'SourceError', code: wrongCredentials.code });
  });

  it('says within its limit that nobody listens', async () => {
    const { down, queries } = world();
    const started = performance.now();
    const dead = source.read({ ...down, timeoutMs: 2000 }, queries.twoSeries, queryContext({ timeoutMs: 2000 }));
    await expect(dead).rejects.toMatchObject({ name: 'SourceError', code: 'network' });
    await expect(dead).rejects.toThrow(/ECONNREFUSED/);
    expect(performance.now() - started).toBeLessThan(4000);
  });

  it("ends the remote's work at the time limit", async () => {
    const { settings, queries, isRunning } = world();
    const context = queryContext({ timeoutMs: 1500 });
    const late = source.read({ ...settings, timeoutMs: 1500 }, queries.slow, context);
    const seen = eventually('the query at the remote', () => isRunning(context.queryId));
    await expect(late).rejects.toMatchObject({ name: 'SourceError', code: 'timeout' });
    expect(await seen).toBe(true);
    await eventually('the end of the query at the remote', async () => !(await isRunning(context.queryId)), 1500);
  });

  it("ends the remote's work when the run is aborted", async () => {
    const { settings, queries, isRunning } = world();
    const run = new AbortController();
    const context = queryContext({ signal: run.signal });
    const read = source.read(settings, queries.slow, context);
    const aborted = expect(read).rejects.toMatchObject({ name: 'SourceError', code: 'aborted' });
    await eventually('the query at the remote', () => isRunning(context.queryId));
    run.abort();
    await aborted;
    await eventually('the end of the query at the remote', async () => !(await isRunning(context.queryId)), 1500);
    await expect(source.read(settings, queries.twoSeries, queryContext({ signal: run.signal }))).rejects.toMatchObject({
      code: 'aborted',
    });
  });

  it('reaches loopback only where the setting allows it', async () => {
    const { settings, queries } = world();
    const outbound = { purpose: 'source', allowNets: [], allowLoopback: false } as const;
    const refused = source.read(settings, queries.twoSeries, queryContext({ outbound }));
    await expect(refused).rejects.toMatchObject({ name: 'SourceError', code: 'refused' });
    await expect(refused).rejects.toThrow(/127\.0\.0\.1.*WATCHBELL_ALLOW_LOOPBACK/);
    await expect(source.test(settings, queryContext({ outbound }))).rejects.toMatchObject({ code: 'refused' });
  });

  it('tries a definition for real and says what answered', async () => {
    const { settings, wrongCredentials } = world();
    expect((await source.test(settings, queryContext())).message).toMatch(/\d+\.\d+/);
    await expect(source.test(wrongCredentials.settings, queryContext())).rejects.toMatchObject({
      code: wrongCredentials.code,
    });
  });

  it('refuses unknown settings and queries of another kind', async () => {
    const { settings } = world();
    expect(source.settings.safeParse(settings).success).toBe(true);
    expect(source.settings.safeParse({ ...settings, pasword: 'x' }).success).toBe(false);
    expect(source.query.safeParse(7).success).toBe(false);
    await expect(source.read({ ...settings, timeoutMs: 'soon' }, 'x', queryContext())).rejects.toMatchObject({
      code: 'settings',
    });
    await expect(source.read(settings, 7, queryContext())).rejects.toMatchObject({ code: 'query' });
  });

  it('describes its settings by a JSON schema', () => {
    expect(jsonSchema(source)).toMatchObject({ type: 'object', additionalProperties: false });
  });
});

function jsonSchema(source: AnySource): unknown {
  return z.toJSONSchema(source.settings, { io: 'input', unrepresentable: 'any' });
}

function missing(): SourceWorld {
  throw new Error('this kind of source has no world in test/contract/source');
}
