import type { AlertMessage } from '../../app/domain/message/types';

/** A firing message of one series; change what the test is about. */
export function alertMessage(changes: Partial<AlertMessage> = {}): AlertMessage {
  return {
    alertId: 'online-404.41.3f9c01ab77e2d410',
    seq: 7,
    kind: 'firing',
    job: 'online-404',
    title: '404 online',
    labels: { team: 'web', severity: 'critical' },
    series: { path: '/missing', host: 'web-1' },
    value: 217,
    condition: '> 100',
    from: 'firing',
    since: new Date('2026-11-21T01:00:00Z'),
    scheduledAt: new Date('2026-11-21T01:10:00Z'),
    error: null,
    note: null,
    ...changes,
  };
}
