import type { AccessLog } from './accessLog';
import { ClickHouseServer } from './clickhouse';

/** The access log in a ClickHouse of the demo's own. */
export async function clickhouseLog(command: string[], folder: string): Promise<AccessLog> {
  const server = await ClickHouseServer.start({ command, folder });
  await server.sql(
    'CREATE TABLE access_log (date Date DEFAULT toDate(ts), ts DateTime DEFAULT now(), status UInt16, path String) ENGINE = MergeTree PARTITION BY toYYYYMM(date) ORDER BY (date, ts)',
  );
  const version = await server.sql('SELECT version()');
  const query = (window: string): string =>
    `SELECT count() AS value FROM access_log WHERE status = 404 AND ts >= now() - INTERVAL ${window}`;
  const { url, password } = server;
  return {
    what: `ClickHouse ${version}`,
    // A user who may only read, as a source should have.
    source: { kind: 'clickhouse', url, user: 'watch', password, database: 'default', timeoutMs: 5000 },
    query: windowS => query(`${windowS} SECOND`),
    realQuery: query('10 MINUTE'),
    add: async requests => {
      const rows = requests.map(({ status, path }) => JSON.stringify({ status, path })).join('\n');
      await server.sql('INSERT INTO access_log (status, path) FORMAT JSONEachRow', rows);
    },
    // Nothing of it is needed any more, and an orderly end waits for idle connections.
    close: () => server.kill(),
  };
}
