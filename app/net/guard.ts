import { lookup as systemLookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import { NetError } from './errors';
import type { OutboundPolicy } from './types';

export interface ResolvedAddress {
  address: string;
  family: number;
}

/** Every address of a host name; tests answer in place of DNS. */
export type Resolve = (hostname: string) => Promise<ResolvedAddress[]>;

type Reach = 'public' | 'private' | 'loopback' | 'linkLocal' | 'metadata' | 'unroutable';

/** Where clouds answer with credentials, outside of the link-local ranges: AWS and Google (IPv6), Alibaba, Azure. */
const metadata = new Set(['fd00:ec2::254', 'fd20:ce::254', '100.100.100.200', '168.63.129.16']);
/** Ranges of ipaddr.js that reach something inside an organisation. */
const privateRanges = new Set(['private', 'carrierGradeNat', 'uniqueLocal', 'benchmarking']);
/** Where an IPv6 address carries an IPv4 one that decides: prefix and the first byte of the IPv4 address. */
const carriers: readonly (readonly [string, number])[] = [
  ['::ffff:0:0/96', 12],
  ['::ffff:0:0:0/96', 12],
  ['64:ff9b::/96', 12],
  ['2002::/16', 2],
];
const compatible = ipaddr.parseCIDR('::/96');
const benchmarking = ipaddr.parseCIDR('198.18.0.0/15');

export const systemResolve: Resolve = hostname => systemLookup(hostname, { all: true, verbatim: true });

/**
 * The addresses of `hostname` (a name, or a literal with or without brackets), each allowed by the policy.
 * Connect only to these: a second look at DNS may answer otherwise. Throws NetError `refused` or `network`.
 */
export async function resolveAllowed(
  hostname: string,
  policy: OutboundPolicy,
  resolve: Resolve = systemResolve,
): Promise<ResolvedAddress[]> {
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  const addresses = await addressesOf(host, resolve);
  for (const { address } of addresses) assertAllowed(address, policy, host);
  return addresses;
}

/** Throws NetError `refused` with the address, its reason and the setting to change. `host` is the name that led here. */
export function assertAllowed(address: string, policy: OutboundPolicy, host = address): void {
  const where = host === address ? address : `${address} (${host})`;
  if (!ipaddr.isValid(address)) throw new NetError('refused', `${where} is not an IP address.`);
  const decisive = carriedIpv4(ipaddr.parse(address));
  const refusal = refusalOf(reachOf(decisive), decisive, policy);
  if (refusal !== null) throw new NetError('refused', `${where} ${refusal}`);
}

/** One spelling for one address: an IPv4 address inside an IPv6 one comes out as IPv4. */
export function canonicalAddress(address: string): string {
  return carriedIpv4(ipaddr.parse(address)).toString();
}

export function isLoopback(address: string): boolean {
  return reachOf(carriedIpv4(ipaddr.parse(address))) === 'loopback';
}

async function addressesOf(host: string, resolve: Resolve): Promise<ResolvedAddress[]> {
  const family = isIP(host);
  if (family !== 0) return [{ address: host, family }];
  let addresses: ResolvedAddress[];
  try {
    addresses = await resolve(host);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new NetError('network', `${host} has no address: ${reason}`, { cause });
  }
  if (addresses.length === 0) throw new NetError('network', `${host} has no address.`);
  return addresses;
}

function refusalOf(reach: Reach, address: ipaddr.IPv4 | ipaddr.IPv6, policy: OutboundPolicy): string | null {
  switch (reach) {
    case 'public':
      return null;
    case 'loopback':
      return policy.allowLoopback
        ? null
        : 'is a loopback address. Set WATCHBELL_ALLOW_LOOPBACK=true on every host to allow it.';
    case 'private':
      return policy.purpose === 'source' || inNets(address, policy.allowNets)
        ? null
        : `is a private address, which a channel may reach only where WATCHBELL_ALLOW_NETS lists its network. Add it there on every host, such as ${address.toString()}/${address.kind() === 'ipv4' ? 32 : 128}.`;
    case 'metadata':
      return 'is an address of cloud metadata: never allowed, by no setting (not WATCHBELL_ALLOW_NETS either).';
    case 'linkLocal':
      return 'is a link-local address (cloud metadata): never allowed, by no setting (not WATCHBELL_ALLOW_NETS either).';
    case 'unroutable':
      return 'is an address that no service listens on (unspecified, multicast, broadcast or reserved): never allowed, by no setting.';
  }
}

function reachOf(address: ipaddr.IPv4 | ipaddr.IPv6): Reach {
  if (metadata.has(address.toString())) return 'metadata';
  const range = address.kind() === 'ipv4' && address.match(benchmarking) ? 'benchmarking' : address.range();
  if (range === 'linkLocal' || range === 'loopback') return range;
  if (privateRanges.has(range)) return 'private';
  return range === 'unicast' && !isCompatible(address) ? 'public' : 'unroutable';
}

/** `::7f00:1`: the old way to write an IPv4 address in an IPv6 one, which nothing uses any more. */
function isCompatible(address: ipaddr.IPv4 | ipaddr.IPv6): boolean {
  return address.kind() === 'ipv6' && address.match(compatible);
}

function carriedIpv4(address: ipaddr.IPv4 | ipaddr.IPv6): ipaddr.IPv4 | ipaddr.IPv6 {
  const carrier = carriers.find(([net]) => address.kind() === 'ipv6' && address.match(ipaddr.parseCIDR(net)));
  return carrier === undefined ? address : new ipaddr.IPv4(address.toByteArray().slice(carrier[1], carrier[1] + 4));
}

function inNets(address: ipaddr.IPv4 | ipaddr.IPv6, nets: readonly string[]): boolean {
  return nets.some(net => {
    if (!ipaddr.isValidCIDR(net)) {
      throw new NetError('refused', `WATCHBELL_ALLOW_NETS holds "${net}", which is not a range such as 10.1.0.0/16.`);
    }
    const range = ipaddr.parseCIDR(net);
    return range[0].kind() === address.kind() && address.match(range);
  });
}
