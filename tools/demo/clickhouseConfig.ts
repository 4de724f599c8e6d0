import { join } from 'node:path';

/** Everything stays in the folder; the root element is the one that old and new versions read. */
export function configXml(folder: string, ports: { http: number; tcp: number; interserver: number }): string {
  const at = (name: string) => join(folder, name);
  return `<?xml version="1.0"?>
<yandex>
  <logger><level>warning</level><log>${at('log/server.log')}</log><errorlog>${at('log/err.log')}</errorlog></logger>
  <listen_host>127.0.0.1</listen_host>
  <http_port>${ports.http}</http_port>
  <tcp_port>${ports.tcp}</tcp_port>
  <interserver_http_port>${ports.interserver}</interserver_http_port>
  <interserver_http_host>127.0.0.1</interserver_http_host>
  <keep_alive_timeout>3</keep_alive_timeout>
  <max_concurrent_queries>50</max_concurrent_queries>
  <mark_cache_size>268435456</mark_cache_size>
  <uncompressed_cache_size>67108864</uncompressed_cache_size>
  <path>${at('data')}/</path>
  <tmp_path>${at('tmp')}/</tmp_path>
  <user_files_path>${at('user_files')}/</user_files_path>
  <format_schema_path>${at('format_schemas')}/</format_schema_path>
  <users_config>${at('users.xml')}</users_config>
  <default_profile>default</default_profile>
  <default_database>default</default_database>
  <timezone>UTC</timezone>
</yandex>
`;
}

/** default writes; watch may only read and set nothing (its profile holds the limits); watch2 may only read but set. */
export function usersXml(passwordSha256: string): string {
  const user = (name: string, profile: string) => `    <${name}>
      <password_sha256_hex>${passwordSha256}</password_sha256_hex>
      <networks><ip>127.0.0.1</ip></networks>
      <profile>${profile}</profile>
      <quota>default</quota>
    </${name}>
`;
  return `<?xml version="1.0"?>
<yandex>
  <profiles>
    <default></default>
    <readonly1>
      <readonly>1</readonly>
      <max_execution_time>5</max_execution_time>
      <max_result_rows>1000</max_result_rows>
      <result_overflow_mode>throw</result_overflow_mode>
    </readonly1>
    <readonly2><readonly>2</readonly></readonly2>
  </profiles>
  <users>
${user('default', 'default')}${user('watch', 'readonly1')}${user('watch2', 'readonly2')}  </users>
  <quotas><default></default></quotas>
</yandex>
`;
}
