import { ChannelError } from '../domain/errors';
import { NetError } from './errors';
import { postHttp } from './http';
import type { OutboundPolicy } from './types';

/** One POST to the remote of a channel. */
export interface ChannelRequest {
  url: string;
  /** Sent byte for byte. */
  body: string;
  headers: Record<string, string>;
  /** Wall limit of the whole request in ms. */
  timeoutMs: number;
  signal: AbortSignal;
  outbound: OutboundPolicy;
  /** Called when the connection stands and nothing has been sent; what it throws comes out as it is. */
  beforeSend?: () => void;
  /** Replaced by asterisks wherever the remote or an error repeats them. */
  secrets: readonly string[];
}

/** What the remote answered, whatever the status; the secrets are taken out of `text`. */
export interface ChannelReply {
  status: number;
  headers: Readonly<Record<string, string | undefined>>;
  text: string;
}

/** A remote's answer is an errcode or a sentence; a relay may wrap it into a page. */
const answerLimit = 1024 * 1024;

/** Throws ChannelError where there is no answer: `refused`, `timeout`, `network`, `tooLarge` or `aborted`. */
export async function postToChannel(request: ChannelRequest): Promise<ChannelReply> {
  const { secrets, outbound, ...rest } = request;
  try {
    const { status, headers, body } = await postHttp({ ...rest, policy: outbound, maxBytes: answerLimit });
    return { status, headers, text: withoutSecrets(body, secrets) };
  } catch (error) {
    if (error instanceof NetError) throw toChannelError(error, secrets);
    throw error;
  }
}

/**
 * Before anything was sent (guard, name, connection) nothing can have arrived; afterwards nobody knows.
 * The cause is left behind: errors of HTTP clients carry the address, and with it the secret.
 */
function toChannelError(error: NetError, secrets: readonly string[]): ChannelError {
  const message = withoutSecrets(error.message, secrets);
  if (error.code === 'refused') return new ChannelError('refused', message, { retryable: false, broken: true });
  return new ChannelError(error.code, message, { retryable: true, uncertain: error.options.sent ?? false });
}

function withoutSecrets(text: string, secrets: readonly string[]): string {
  const written = secrets.flatMap(secret => [secret, encodeURIComponent(secret)]).filter(secret => secret !== '');
  return written.reduce((rest, secret) => rest.replaceAll(secret, '********'), text);
}
