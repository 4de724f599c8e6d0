import { z } from 'zod';
import type { AnyChannel, Part, SendContext } from '../../../app/channel/types';
import { ChannelError } from '../../../app/domain/errors';
import type { AlertMessage } from '../../../app/domain/message/types';
import type { Remote, SendAnswer, SimulatedSend } from './types';

declare const simulated: Remote;

const settings = z.strictObject({
  robot: z.string(),
  onUncertain: z.enum(['retry', 'leave']).default('retry'),
});
const body = z.object({
  alertId: z.string(),
  seq: z.number(),
  kind: z.string(),
  job: z.string(),
  possibleDuplicate: z.boolean(),
});

/** In the place of app/channel/index.ts: a robot without idempotency keys, and a receiver that knows them. */
export const channels: ReadonlyMap<string, AnyChannel> = new Map(
  [channel('robot', false), channel('receiver', true)].map(one => [one.kind, one]),
);

function channel(kind: string, idempotent: boolean): AnyChannel {
  return {
    kind,
    settings,
    idempotent,
    onUncertain: given => settings.parse(given).onUncertain,
    budget: given => (idempotent ? null : { key: settings.parse(given).robot, limit: 20, windowMs: 60_000 }),
    parts: (_given, message, { possibleDuplicate }) => [part(message, possibleDuplicate)],
    send: async (given, one, context) => await send(settings.parse(given).robot, idempotent, one, context),
  };
}

function part({ alertId, seq, kind, job }: AlertMessage, possibleDuplicate: boolean): Part {
  return { body: { alertId, seq, kind, job, possibleDuplicate }, text: `${kind} of ${job}` };
}

async function send(robot: string, idempotent: boolean, one: Part, context: SendContext): Promise<{ answer: string }> {
  const { signal, timeoutMs, fence, idempotencyKey: deliveryId } = context;
  await simulated.connect(signal);
  context.beforeSend?.();
  const message: SimulatedSend = { robot, idempotent, deliveryId, fence, ...body.parse(one.body) };
  const answer = await simulated.send(message, signal, timeoutMs);
  if (answer === 'taken') return { answer };
  throw errorOf(answer);
}

function errorOf(answer: Exclude<SendAnswer, 'taken'>): ChannelError {
  switch (answer) {
    case 'busy':
      return new ChannelError('busy', 'The remote is busy.', { retryable: true, retryAfterMs: 500 });
    case 'refusedConnection':
      return new ChannelError('refused', 'Nobody listens.', { retryable: true });
    default:
      return new ChannelError(answer, 'Whether it arrived is unknown.', { retryable: true, uncertain: true });
  }
}
