import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { findClickhouse } from '../../../tools/demo/clickhouseBinary';
import { ClickhouseServer } from '../../../tools/demo/clickhouseServer';

it('takes rows from the writer, and from the reader nothing but questions', async context => {
  const binary = await findClickhouse();
  if (binary === null) return context.skip('no ClickHouse on this machine');
  const folder = mkdtempSync(path.join(os.tmpdir(), 'wb-ch-'));
  const server = new ClickhouseServer(binary, folder);
  try {
    await server.start();
    await server.run('CREATE TABLE t (n Int32) ENGINE = Memory');
    await server.run('INSERT INTO t VALUES (1), (2)');
    const ask = async (query: string) => {
      const { user, password } = server.reader;
      const headers = { 'X-ClickHouse-User': user, 'X-ClickHouse-Key': password };
      const answer = await fetch(server.url, { method: 'POST', headers, body: query });
      return (await answer.text()).trim();
    };
    expect(await ask('SELECT sum(n) FROM t')).toBe('3');
    expect(await ask('INSERT INTO t VALUES (3)')).toMatch(/readonly/i);
    await expect(server.run('SELECT nothing')).rejects.toThrow(/nothing/);
  } finally {
    await server.stop();
    rmSync(folder, { recursive: true });
  }
  expect(server.pid).toBeUndefined();
});
