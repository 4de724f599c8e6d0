import type { Part } from '../../channel/types';
import { afterError } from '../../domain/delivery/retry';
import type { Outcome } from '../../domain/delivery/types';
import { ChannelError } from '../../domain/errors';
import type { DeliveryDoc } from '../../model/delivery';
import type { Deliveries } from '../../repository/deliveries';
import type { PreparedChannel } from './prepare';
import type { Surroundings } from './types';

export interface HandOverResult extends Outcome {
  /** Whether anything was given to the transport: only then the budget's places are used. */
  tried: boolean;
  /** What the remote said against it. */
  refused: ChannelError | null;
}

/** From the binding look at the mutes to the transport (design.md §6). */
const freshMs = 1000;
/** A request is given no time that is not worth opening a connection for. */
const leastLeaseMs = 200;
const longestRequestMs = 30_000;
/** A channel that does not end at its limit is given up this much later. */
const stuckMs = 1000;

/** The connection stands, and this member may have no effect any more: nothing was sent. */
class NotHandedOver extends Error {
  override readonly name = 'NotHandedOver';
}

/** Gives the parts of one claimed delivery to its channel, each recorded before the next. Never throws. */
export class HandOver {
  constructor(
    private readonly deliveries: Deliveries,
    private readonly surroundings: Surroundings,
  ) {}

  /** `judgedAt` is the monotonic time from which the look at the mutes counts. */
  async run(delivery: DeliveryDoc, channel: PreparedChannel, judgedAt: number, stop: AbortSignal) {
    let partsSent = delivery.partsSent;
    for (const part of channel.parts.slice(partsSent)) {
      const first = partsSent === delivery.partsSent;
      const fresh = !first || this.surroundings.monotonic() - judgedAt < freshMs;
      if (!fresh || !this.leaseHolds(delivery) || stop.aborted) return again(partsSent, !first, 'notFresh');
      const refused = await this.send(delivery, channel, part, partsSent, stop);
      if (refused === 'notHandedOver') return again(partsSent, !first, 'notFresh');
      if (refused !== null) return this.refusal(delivery, channel, partsSent, refused);
      partsSent += 1;
      if (partsSent < channel.parts.length && !(await this.recorded(delivery, partsSent))) {
        return again(partsSent, true, 'notRecorded');
      }
    }
    return { transition: { to: 'sent' }, partsSent, tried: true, refused: null } satisfies HandOverResult;
  }

  private leaseHolds({ member }: DeliveryDoc): boolean {
    const { lease } = this.surroundings;
    return lease.valid && lease.memberId === member && lease.remainingMs() > leastLeaseMs;
  }

  private async send(delivery: DeliveryDoc, channel: PreparedChannel, part: Part, index: number, stop: AbortSignal) {
    const { lease, clock, outbound } = this.surroundings;
    const timeoutMs = Math.min(longestRequestMs, lease.remainingMs());
    const { signal, end, unlink } = linked([lease.signal, stop]);
    const key = channel.parts.length === 1 ? delivery._id : `${delivery._id}/${index}`;
    // Connecting takes its time, and a process may be stopped in it: what must hold is asked when the connection stands.
    const beforeSend = () => {
      if (!this.leaseHolds(delivery) || stop.aborted) throw new NotHandedOver();
    };
    const { fence } = delivery;
    const context = { idempotencyKey: key, fence, signal, timeoutMs, now: clock.now(), outbound, beforeSend };
    let timer: NodeJS.Timeout | undefined;
    const stuck = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(notEnded(timeoutMs)), timeoutMs + stuckMs);
    });
    try {
      await Promise.race([channel.kind.send(channel.settings, part, context), stuck]);
      return null;
    } catch (error) {
      if (error instanceof NotHandedOver) return 'notHandedOver';
      return error instanceof ChannelError ? error : unexpected(error);
    } finally {
      clearTimeout(timer);
      unlink();
      end();
    }
  }

  private refusal(delivery: DeliveryDoc, channel: PreparedChannel, partsSent: number, refused: ChannelError) {
    const transition = afterError(
      { ...delivery, id: delivery._id },
      refused,
      channel.traits,
      this.surroundings.clock.now(),
    );
    return { transition, partsSent, tried: true, refused } satisfies HandOverResult;
  }

  /** False where it is unknown or another member has it: the next part is not sent. */
  private async recorded(delivery: DeliveryDoc, partsSent: number): Promise<boolean> {
    try {
      return await this.deliveries.partSent(delivery, partsSent);
    } catch {
      // The outcome of this attempt carries partsSent too and is written until MongoDB takes it.
      return false;
    }
  }
}

function again(partsSent: number, tried: boolean, code: 'notFresh' | 'notRecorded'): HandOverResult {
  const message =
    code === 'notFresh' ? 'The process was late or lost its lease; it starts over.' : 'A part could not be recorded.';
  const transition = { to: 'pending' as const, afterMs: 0, counted: false, error: { code, message } };
  return { transition, partsSent, tried, refused: null };
}

function notEnded(timeoutMs: number): ChannelError {
  return new ChannelError('timeout', `No answer within ${timeoutMs} ms.`, { retryable: true, uncertain: true });
}

/** A fault of the channel's code: whether the message left is unknown. */
function unexpected(error: unknown): ChannelError {
  const message = error instanceof Error ? error.message : String(error);
  return new ChannelError('internal', message, { retryable: true, uncertain: true }, error);
}

/**
 * A signal of its own for one request that follows the others. AbortSignal.any would leave a trace of each request in
 * the lease's signal, which lives as long as the process.
 */
function linked(signals: AbortSignal[]) {
  const own = new AbortController();
  const end = () => own.abort();
  for (const signal of signals) {
    if (signal.aborted) end();
    else signal.addEventListener('abort', end);
  }
  const unlink = () => {
    for (const signal of signals) signal.removeEventListener('abort', end);
  };
  return { signal: own.signal, end, unlink };
}
