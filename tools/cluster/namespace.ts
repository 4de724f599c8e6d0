import { execFileSync } from 'node:child_process';

/** A host of its own in the network: a namespace with one address, joined to this machine by a veth pair. */
export interface Namespace {
  name: string;
  /** Its own address. */
  address: string;
  /** This machine's address as it sees it. */
  gateway: string;
  /** What a command is to be put behind to run in it. */
  prefix: string[];
  /** Gives this machine one more address as it sees it, and takes it away again: what was reached there is cut off. */
  also(last: number): ReachedAddress;
  remove(): void;
}

/** An address of this machine that only a namespace sees. */
interface ReachedAddress {
  address: string;
  add(): void;
  /** As a pulled cable: packets to it are lost without a word, connections to it hang. */
  take(): void;
}

/** Makes a namespace, or answers null where this machine does not allow it (no root, no `ip`). `index` is 0 or 1. */
export function namespace(index: number): Namespace | null {
  const name = `wb${process.pid}n${index}`;
  const [near, far] = [`wb${process.pid % 10_000}a${index}`, `wb${process.pid % 10_000}b${index}`];
  // Of this process: what an interrupted run left behind does not get in the way.
  const net = `10.${200 + ((process.pid >> 7) % 50)}.${((process.pid % 128) * 2 + index) % 256}`;
  const [gateway, address] = [`${net}.1`, `${net}.2`];
  const remove = () => {
    for (const words of [`netns del ${name}`, `link del ${near}`]) attempt(words);
  };
  const steps = [
    `netns add ${name}`,
    `link add ${near} type veth peer name ${far}`,
    `link set ${far} netns ${name}`,
    `addr add ${gateway}/30 dev ${near}`,
    `link set ${near} up`,
    `-n ${name} addr add ${address}/30 dev ${far}`,
    `-n ${name} link set ${far} up`,
    `-n ${name} link set lo up`,
    `-n ${name} route add default via ${gateway}`,
  ];
  const also = (last: number) => reached(`${net}.${last}`, near);
  if (steps.every(attempt)) return { name, address, gateway, prefix: ['ip', 'netns', 'exec', name], also, remove };
  remove();
  return null;
}

function reached(address: string, device: string): ReachedAddress {
  const must = (verb: string) => {
    if (!attempt(`addr ${verb} ${address}/32 dev ${device}`)) throw new Error(`ip addr ${verb} ${address} failed`);
  };
  must('add');
  return { address, add: () => must('add'), take: () => must('del') };
}

function attempt(words: string): boolean {
  try {
    execFileSync('ip', words.split(' '), { stdio: 'ignore', timeout: 10_000 });
    return true;
  } catch {
    return false;
  }
}
