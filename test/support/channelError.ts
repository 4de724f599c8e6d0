import { ChannelError } from '../../app/domain/errors';

/** The ChannelError that the promise is rejected with; throws when it is not, or with anything else. */
export async function channelError(promise: Promise<unknown>): Promise<ChannelError> {
  const outcome = await promise.then(
    value => ({ value }),
    (error: unknown) => ({ error }),
  );
  if ('error' in outcome && outcome.error instanceof ChannelError) return outcome.error;
  const what = 'error' in outcome ? String(outcome.error) : `resolved with ${JSON.stringify(outcome.value)}`;
  throw new Error(`not a ChannelError: ${what}`, { cause: outcome });
}
