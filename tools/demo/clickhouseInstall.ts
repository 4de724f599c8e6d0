import { aptInstall } from '../apt';

/** Installs Debian's package. Throws CommandError with what apt-get said. */
export async function installClickHouse(say: (line: string) => void): Promise<void> {
  say('Installing ClickHouse (apt-get install clickhouse-server, about 80 MB) …');
  await aptInstall(['clickhouse-server', 'clickhouse-client']);
}
