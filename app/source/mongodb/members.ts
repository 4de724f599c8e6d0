import type { LookupFunction } from 'node:net';
import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { MongoClient } from 'mongodb';
import { NetError } from '../../net/errors';
import { assertAllowed, canonicalAddress, isLoopback, resolveAllowed, systemResolve } from '../../net/guard';
import type { OutboundPolicy } from '../../net/types';
import type { ForbiddenDatabase } from '../types';

const memberFields = ['hosts', 'passives', 'arbiters'] as const;

/**
 * Holds every member that a client knows or discovers to the policy. Names are checked when they are resolved, for each
 * connection; literal addresses and sockets, which the driver connects to without asking, before it hears of them.
 */
export class Members {
  /** `host:port` of all, also of those that were refused. */
  readonly names = new Set<string>();
  private readonly resolved = new Set<string>();
  private readonly refused = new AbortController();

  constructor(private readonly policy: OutboundPolicy) {}

  /** Aborted with the refusal as its reason. */
  get refusal(): AbortSignal {
    return this.refused.signal;
  }

  /** The driver's option `lookup`. */
  readonly lookup: LookupFunction = (hostname, options, callback) => {
    resolveAllowed(hostname, this.policy).then(
      addresses => {
        const [first] = addresses;
        if (options.all || first === undefined) callback(null, addresses);
        else callback(null, first.address, first.family);
      },
      (error: unknown) => {
        this.note(error);
        callback(error instanceof Error ? error : new Error(String(error)), '');
      },
    );
  };

  /** Before anything is connected. Throws NetError `refused`. */
  watch(client: MongoClient): void {
    for (const host of client.options.hosts) {
      this.names.add(String(host));
      this.assertLiteral(String(host));
    }
    client.on('serverHeartbeatSucceeded', ({ connectionId, reply }) => {
      this.names.add(connectionId);
      this.discovered(reply);
    });
  }

  /** Resolves what no connection has asked for yet, so that one refused member refuses all. Throws NetError `refused`. */
  async assertAll(): Promise<void> {
    for (const name of this.names) {
      const { host } = endpointOf(name);
      if (host === null || isIP(host) !== 0 || this.resolved.has(host)) continue;
      await resolveAllowed(host, this.policy).catch((error: unknown) => this.note(error));
      this.resolved.add(host);
    }
    this.refusal.throwIfAborted();
  }

  /** A name that has no address now is the driver's to complain of. */
  private note(error: unknown): void {
    if (error instanceof NetError && error.code === 'refused') this.refused.abort(error);
  }

  /**
   * What a member says of its set. The event shares its reply with the driver, which reads it next: what is taken out here
   * is never connected to.
   */
  private discovered(reply: Record<string, unknown>): void {
    for (const field of memberFields) {
      const told = reply[field];
      if (Array.isArray(told)) reply[field] = told.filter(name => this.isAllowed(String(name)));
    }
  }

  private isAllowed(name: string): boolean {
    this.names.add(name.toLowerCase());
    try {
      this.assertLiteral(name);
      return true;
    } catch (error) {
      this.refused.abort(error);
      return false;
    }
  }

  private assertLiteral(name: string): void {
    const { host } = endpointOf(name);
    if (host === null) throw new NetError('refused', `${name} is no address of a network: never allowed.`);
    if (isIP(host) !== 0) assertAllowed(host, this.policy);
  }
}

/** Whether one of the members is one of Watchbell's own servers: by name, or by address and port. */
export async function isOwnServer(names: Iterable<string>, own: ForbiddenDatabase): Promise<boolean> {
  const ours = new Set((await Promise.all(own.hosts.map(endpointsOf))).flat());
  const theirs = await Promise.all([...names].map(endpointsOf));
  return theirs.flat().some(endpoint => ours.has(endpoint));
}

/** Host and port as the driver takes a name apart; no host for a socket of this machine and for what it cannot read. */
function endpointOf(name: string): { host: string | null; port: string } {
  const address = `mongodb://${name}`;
  if (name.endsWith('.sock') || !URL.canParse(address)) return { host: null, port: '' };
  const { hostname, port } = new URL(address);
  const host = decodeURIComponent(hostname)
    .toLowerCase()
    .replace(/^\[(.*)\]$/, '$1');
  return { host: host === '' ? null : host, port: port === '' ? '27017' : port };
}

/** The name itself and `address:port` of each of its addresses; those of this machine are one and the same. */
async function endpointsOf(name: string): Promise<string[]> {
  const { host, port } = endpointOf(name);
  if (host === null) return [name];
  const addresses = isIP(host) === 0 ? await systemResolve(host).catch(() => []) : [{ address: host }];
  const local = ownAddresses();
  const endpoints = addresses.map(({ address }) => {
    const canonical = canonicalAddress(address);
    return `${isLoopback(address) || local.has(canonical) ? 'this machine' : canonical}:${port}`;
  });
  return [`${host}:${port}`, ...endpoints];
}

function ownAddresses(): Set<string> {
  const all = Object.values(networkInterfaces()).flatMap(addresses => addresses ?? []);
  return new Set(all.map(({ address }) => canonicalAddress(address)));
}
