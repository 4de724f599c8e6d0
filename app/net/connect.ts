import net from 'node:net';
import tls from 'node:tls';
import { NetError } from './errors';
import type { ResolvedAddress } from './guard';

/** Connects to one of the given addresses of the URL's host, and to nothing else; with TLS for https. Ends by `signal`. */
export async function connectTo(url: URL, addresses: ResolvedAddress[], signal: AbortSignal): Promise<net.Socket> {
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const secure = url.protocol === 'https:';
  const to = { host, port: Number(url.port || (secure ? 443 : 80)), lookup: pinnedLookup(addresses) };
  const socket = secure
    ? tls.connect({ ...to, servername: net.isIP(host) === 0 ? host : '', ALPNProtocols: ['http/1.1'] })
    : net.connect(to);
  socket.setNoDelay(true);
  await connected(socket, secure ? 'secureConnect' : 'connect', signal);
  return socket;
}

/** Answers with what the guard has seen, whatever name is asked for. */
function pinnedLookup(addresses: ResolvedAddress[]): net.LookupFunction {
  return (_hostname, options, callback) => {
    if (options.all) return callback(null, addresses);
    const first = addresses[0];
    if (first === undefined) return callback(new Error('no address'), '');
    callback(null, first.address, first.family);
  };
}

/** The listeners stay: a socket that breaks before the request uses it must not bring the process down. */
async function connected(socket: net.Socket, event: string, signal: AbortSignal): Promise<void> {
  const abort = () => socket.destroy();
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once(event, resolve);
      socket.once('error', reject);
      socket.once('close', () => reject(new Error('the connection was closed')));
      signal.addEventListener('abort', abort, { once: true });
      if (signal.aborted) abort();
    });
  } catch (cause) {
    socket.destroy();
    throw new NetError('network', reasonOf(cause), { cause });
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

/** Several addresses fail with several errors at once: all of them are said. */
export function reasonOf(cause: unknown): string {
  if (cause instanceof AggregateError && cause.errors.length > 0) return cause.errors.map(reasonOf).join('; ');
  return cause instanceof Error && cause.message !== '' ? cause.message : String(cause);
}
