import { useClickHouse } from '../../support/clickhouse';
import type { SourceWorld } from './world';

/** A user that may write, so that the limits of an answer are those that the source sends. */
export function useClickHouseWorld(): () => SourceWorld {
  const clickhouse = useClickHouse();
  return () => {
    const server = clickhouse();
    const settings = { url: server.url, user: 'default', password: server.password };
    return {
      settings,
      wrongCredentials: { settings: { ...settings, password: 'wrong' }, code: '193' },
      down: { ...settings, url: 'http://127.0.0.1:1' },
      queries: {
        twoSeries:
          "SELECT arrayJoin(['a', 'b']) AS name, if(name = 'a', 1, 2.5) AS value FROM system.one ORDER BY name",
        noRows: 'SELECT 1 AS value WHERE 0',
        nullValue: "SELECT 'a' AS name, CAST(NULL AS Nullable(UInt64)) AS value",
        twoNumbers: 'SELECT 1 AS x, 2 AS y',
        textValue: "SELECT 'many' AS value",
        sameLabels: "SELECT 'a' AS name, number AS value FROM system.numbers LIMIT 2",
        manyRows: 'SELECT toString(number) AS name, number AS value FROM system.numbers LIMIT 10000',
        manyBytes:
          "SELECT concat(toString(number), replaceAll(toString(range(1000)), ',', ', ')) AS name, number AS value FROM system.numbers LIMIT 500",
        slow: 'SELECT count() AS value FROM system.numbers WHERE sipHash64(number) = 1',
        wrong: { query: 'SELEKT 1', code: '62', message: /Syntax error: failed at position 1/ },
      },
      isRunning: async queryId =>
        (await server.sql(`SELECT count() FROM system.processes WHERE query_id = '${queryId}'`)) !== '0',
    };
  };
}
