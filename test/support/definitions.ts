import type { Api } from './api';

/** The definitions of api.md. */
export const sourceBody = {
  kind: 'clickhouse',
  url: 'http://127.0.0.1:8123',
  user: 'watch',
  password: 'hunter2-source',
  database: 'default',
  timeoutMs: 10_000,
};

export const channelBody = {
  kind: 'wecom-robot',
  url: 'http://127.0.0.1:9/cgi-bin/webhook/send?key=s3cr3t-robot-key',
  mentions: ['@all'],
};

export const jobBody = {
  kind: 'check',
  title: '404 online',
  enabled: true,
  labels: { team: 'web', severity: 'critical' },
  schedule: { cron: '*/10 * * * *', zone: 'Asia/Shanghai', dst: 'shift', repeated: 'first' },
  misfire: 'last',
  misfireLimit: 10,
  graceMs: 15_000,
  onLost: 'retry',
  overlap: 'skip',
  timeoutMs: 30_000,
  jitterMs: 0,
  retry: { limit: 2, backoffMs: 1000, factor: 2 },
  startAt: null,
  endAt: null,
  calendar: null,
  placement: { on: 'one', hostLabels: {} },
  check: {
    source: 'access-log',
    query: 'SELECT count() AS value FROM access_log WHERE status = 404 AND ts >= now() - INTERVAL 10 MINUTE',
    rule: { op: '>', threshold: 100, recovery: null, forMs: 0, noData: 'noData', onError: 'error' },
  },
  notify: { channels: ['ops-group'], repeatMs: 3_600_000, onResolved: true },
};

/** The same with only what has no default. */
export const smallJobBody = {
  kind: 'check',
  schedule: { cron: '*/10 * * * *' },
  check: { source: 'access-log', query: 'SELECT 1', rule: { op: '>', threshold: 1 } },
};

/** Source `access-log` and channel `ops-group`. */
export async function defineRemotes(api: Api): Promise<void> {
  for (const [url, body] of [
    ['/api/v1/sources/access-log', sourceBody],
    ['/api/v1/channels/ops-group', channelBody],
  ] as const) {
    const answer = await api.put(url, body);
    if (answer.status !== 201 && answer.status !== 200) throw new Error(`${url}: ${answer.text}`);
  }
}
