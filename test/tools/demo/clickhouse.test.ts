import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { ClickHouseServer, findClickHouse } from '../../../tools/demo/clickhouse';
import { useClickHouse } from '../../support/clickhouse';

describe('a ClickHouse of our own', () => {
  const clickhouse = useClickHouse();

  it('keeps its data over a restart and a kill', async () => {
    const server = clickhouse();
    await server.sql('CREATE TABLE kept (n UInt32) ENGINE = MergeTree ORDER BY n');
    await server.sql('INSERT INTO kept FORMAT TSV', '1\n2\n');
    await server.restart();
    expect(await server.sql('SELECT sum(n) FROM kept')).toBe('3');
    await server.kill();
    await expect(server.sql('SELECT 1')).rejects.toThrow(/ECONNREFUSED/);
    await server.restart();
    expect(await server.sql('SELECT sum(n) FROM kept')).toBe('3');
  });

  it('throws with what the server says', async () => {
    await expect(clickhouse().sql('SELEKT')).rejects.toThrow(/Syntax error/);
  });

  it('is found by either name', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'watchbell-find-'));
    try {
      expect(findClickHouse([folder])).toBeNull();
      writeFileSync(path.join(folder, 'clickhouse'), '', { mode: 0o755 });
      expect(findClickHouse([folder])).toEqual([path.join(folder, 'clickhouse'), 'server']);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('says what to install where there is none, and what the log says when it does not come up', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'watchbell-none-'));
    try {
      await expect(ClickHouseServer.start({ folder, command: null })).rejects.toThrow(/apt-get install/);
      await expect(ClickHouseServer.start({ folder, command: ['/bin/false'] })).rejects.toThrow(/did not come up/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
