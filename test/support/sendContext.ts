import type { SendContext } from '../../app/channel/types';

/** What a worker gives a channel's send, with loopback allowed; change what the test is about. */
export function sendContext(changes: Partial<SendContext> = {}): SendContext {
  return {
    idempotencyKey: 'online-404.41.3f9c01ab77e2d410:7:ops-group',
    fence: 3,
    signal: new AbortController().signal,
    timeoutMs: 5000,
    now: new Date('2026-11-21T01:10:00.123Z'),
    outbound: { purpose: 'channel', allowNets: [], allowLoopback: true },
    ...changes,
  };
}
