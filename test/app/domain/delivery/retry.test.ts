import { describe, expect, it } from 'vitest';
import { afterError, afterLostMember, backoffMs, waitLimitMs } from '../../../../app/domain/delivery/retry';
import { ChannelError } from '../../../../app/domain/errors';

const createdAt = new Date('2026-11-21T00:00:00Z');
const now = new Date('2026-11-21T00:01:00Z');
const late = new Date(createdAt.getTime() + waitLimitMs);
const delivery = { id: 'a:1:c', attempts: 1, createdAt, possibleDuplicate: false };
const robot = { idempotent: false, onUncertain: 'retry' as const };
const leaving = { idempotent: false, onUncertain: 'leave' as const };
const webhook = { idempotent: true, onUncertain: 'leave' as const };

function failing(code: string, options: ChannelError['options']): ChannelError {
  return new ChannelError(code, `remote says ${code}`, options);
}
const busy = failing('-1', { retryable: true });
const unknown = failing('timeout', { retryable: true, uncertain: true });

describe('after a failed hand-over', () => {
  it('retries what may be retried, later each time', () => {
    const spans = [1, 2, 3].map(attempts => afterError({ ...delivery, attempts }, busy, robot, now));
    expect(spans.map(found => found.to)).toEqual(['pending', 'pending', 'pending']);
    const [first, second, third] = [1, 2, 3].map(attempts => backoffMs({ id: delivery.id, attempts }));
    expect(first).toBeGreaterThanOrEqual(800);
    expect(first).toBeLessThanOrEqual(1200);
    expect(second).toBeGreaterThanOrEqual(3200);
    expect(third).toBeGreaterThanOrEqual(12_800);
  });

  it('waits a different span for deliveries that failed together, the same for the same one', () => {
    expect(backoffMs({ id: 'a:1:c', attempts: 1 })).toBe(backoffMs({ id: 'a:1:c', attempts: 1 }));
    const spans = new Set(Array.from({ length: 20 }, (_, index) => backoffMs({ id: `a:${index}:c`, attempts: 1 })));
    expect(spans.size).toBeGreaterThan(15);
  });

  it('fails after three retries, an idempotent remote after six', () => {
    expect(afterError({ ...delivery, attempts: 4 }, busy, robot, now)).toEqual({
      to: 'failed',
      error: { code: '-1', message: 'remote says -1' },
    });
    expect(afterError({ ...delivery, attempts: 6 }, busy, webhook, now).to).toBe('pending');
    expect(afterError({ ...delivery, attempts: 7 }, busy, webhook, now).to).toBe('failed');
  });

  it('honours the span that the remote asks for, up to an hour', () => {
    const asked = failing('http429', { retryable: true, retryAfterMs: 90_000 });
    expect(afterError(delivery, asked, webhook, now)).toMatchObject({ to: 'pending', afterMs: 90_000 });
    const absurd = failing('http429', { retryable: true, retryAfterMs: 1e12 });
    expect(afterError(delivery, absurd, webhook, now)).toMatchObject({ to: 'pending', afterMs: 3_600_000 });
  });

  it('fails at once where the remote refuses this message for good', () => {
    expect(afterError(delivery, failing('http400', { retryable: false }), webhook, now).to).toBe('failed');
  });

  it('does not count an attempt when the whole robot is held', () => {
    const held = failing('45009', { retryable: true, holdMs: 60_000 });
    expect(afterError({ ...delivery, attempts: 9 }, held, robot, now)).toMatchObject({
      to: 'pending',
      afterMs: 60_000,
      counted: false,
    });
  });

  it('waits for a broken channel for 24 h since it was made, then fails', () => {
    const refused = failing('93000', { retryable: false, broken: true });
    expect(afterError(delivery, refused, robot, now)).toMatchObject({ to: 'pending', counted: false, afterMs: 30_000 });
    const given = afterError(delivery, refused, robot, late);
    expect(given).toMatchObject({ to: 'failed', error: { code: '93000' } });
  });
});

describe('an unknown outcome', () => {
  it('is retried once as a possible duplicate', () => {
    const first = afterError(delivery, unknown, robot, now);
    expect(first).toMatchObject({ to: 'uncertain', retryAfterMs: expect.any(Number) });
    const second = afterError({ ...delivery, attempts: 2, possibleDuplicate: true }, unknown, robot, now);
    expect(second).toMatchObject({ to: 'uncertain', retryAfterMs: null });
  });

  it('is left where the channel says so', () => {
    expect(afterError(delivery, unknown, leaving, now)).toMatchObject({ to: 'uncertain', retryAfterMs: null });
  });

  it('is simply repeated where the remote knows an idempotency key', () => {
    expect(afterError(delivery, unknown, webhook, now)).toMatchObject({ to: 'pending', counted: true });
  });

  it('stays uncertain when its retry is refused: the first may have arrived', () => {
    const again = { ...delivery, attempts: 2, possibleDuplicate: true };
    expect(afterError(again, failing('http400', { retryable: false }), robot, now).to).toBe('uncertain');
  });

  it('is what a lost member leaves behind, by the kind of channel', () => {
    expect(afterLostMember(delivery, 'host:1:x', webhook)).toMatchObject({ to: 'pending', afterMs: 0 });
    expect(afterLostMember({ ...delivery, attempts: 7 }, 'host:1:x', webhook).to).toBe('failed');
    expect(afterLostMember(delivery, 'host:1:x', robot)).toMatchObject({ retryAfterMs: expect.any(Number) });
    expect(afterLostMember(delivery, 'host:1:x', leaving)).toMatchObject({ to: 'uncertain', retryAfterMs: null });
  });
});
