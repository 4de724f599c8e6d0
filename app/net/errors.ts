export type NetErrorCode = 'refused' | 'timeout' | 'network' | 'tooLarge' | 'aborted';

/** An outgoing request that brought no answer. */
export class NetError extends Error {
  override readonly name = 'NetError';

  constructor(
    /** `refused` by the guard on addresses; `aborted` by the caller's signal; `tooLarge`: the answer is over its limit. */
    readonly code: NetErrorCode,
    message: string,
    readonly options: {
      /** The request was handed to the transport: the remote may have acted on it although no answer came. */
      sent?: boolean;
      cause?: unknown;
    } = {},
  ) {
    super(message, { cause: options.cause });
  }
}
