import { mkdir } from 'node:fs/promises';
import type { AccessLog } from './accessLog';
import type { ClickhouseBinary } from './clickhouseBinary';
import { ClickhouseServer } from './clickhouseServer';

/** The access log in a ClickHouse of the demo's own. */
export async function clickhouseLog(binary: ClickhouseBinary, folder: string): Promise<AccessLog> {
  await mkdir(folder, { recursive: true });
  const server = new ClickhouseServer(binary, folder);
  await server.start();
  await server.run(
    'CREATE TABLE access_log (date Date DEFAULT toDate(ts), ts DateTime DEFAULT now(), status UInt16, path String) ENGINE = MergeTree PARTITION BY toYYYYMM(date) ORDER BY (date, ts)',
  );
  const version = (await server.run('SELECT version()')).trim();
  const query = (window: string): string =>
    `SELECT count() AS value FROM access_log WHERE status = 404 AND ts >= now() - INTERVAL ${window}`;
  return {
    what: `ClickHouse ${version}`,
    source: { kind: 'clickhouse', url: server.url, ...server.reader, database: 'default', timeoutMs: 5000 },
    query: windowS => query(`${windowS} SECOND`),
    realQuery: query('10 MINUTE'),
    add: async requests => {
      const rows = requests.map(({ status, path }) => JSON.stringify({ status, path })).join('\n');
      await server.run(`INSERT INTO access_log (status, path) FORMAT JSONEachRow\n${rows}`);
    },
    close: () => server.stop(),
  };
}
