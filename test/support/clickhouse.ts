import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { ClickHouseServer } from '../../tools/demo/clickhouse';

export { ClickHouseServer };

/** One real ClickHouse per test file in a folder of its own, ended and removed at the end. */
export function useClickHouse(): () => ClickHouseServer {
  const folder = mkdtempSync(path.join(tmpdir(), 'watchbell-clickhouse-'));
  let server: ClickHouseServer | undefined;
  beforeAll(async () => {
    server = await ClickHouseServer.start({ folder });
  });
  afterAll(async () => {
    await server?.kill();
    rmSync(folder, { recursive: true, force: true });
  });
  return () => {
    if (server === undefined) throw new Error('ClickHouse has not been started yet');
    return server;
  };
}
