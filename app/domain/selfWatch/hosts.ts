import type { FoundTrouble } from './types';

/** What a member's document says. */
export interface SeenMember {
  hostId: string;
  role: 'agent' | 'worker';
  live: boolean;
  suspended: boolean;
  clockSkewMs: number;
  startedAt: Date;
  lastSeenAt: Date;
  /** It ended in good order. */
  left: boolean;
  /** Somebody drains its host: it has no part in the work, and may be rebooted at any time. */
  drained: boolean;
}

/** Half a host (an agent without workers, workers without an agent) is given `halfMs` to become whole. */
export function hostTroubles(members: readonly SeenMember[], at: Date, halfMs: number): FoundTrouble[] {
  const hosts = new Set(members.map(member => member.hostId));
  return [...hosts].flatMap(hostId => {
    const own = members.filter(member => member.hostId === hostId);
    return [...lostHost(hostId, own, halfMs), ...skewedHost(hostId, own, at)];
  });
}

function lostHost(hostId: string, own: SeenMember[], halfMs: number): FoundTrouble[] {
  if (own.some(member => member.drained)) return [];
  const newest = newestOf(own);
  const live = own.filter(member => member.live);
  const trouble = (what: string, holdMs: number, since: Date): FoundTrouble[] => [
    {
      kind: 'hostLost',
      subject: hostId,
      title: `host ${hostId} is lost`,
      sentence: `${what} The other hosts do its share; see to the machine, its network, and its logs.`,
      since,
      holdMs,
    },
  ];
  if (live.length === 0) {
    if (newest === undefined || newest.left) return [];
    return trouble(
      `Host ${hostId} has stopped renewing its lease and was not stopped in good order.`,
      0,
      lastSeen(own),
    );
  }
  const missing = (['agent', 'worker'] as const).find(role => live.every(member => member.role !== role));
  if (missing === undefined) return [];
  const what = missing === 'agent' ? 'no agent: it keeps no time' : 'no worker: it runs and sends nothing';
  const gone = own.filter(member => !member.live && member.role === missing);
  return trouble(`Host ${hostId} has ${what}.`, halfMs, lastSeen(gone.length > 0 ? gone : live));
}

/** The one that says how the host ended: its agent, which is stopped last. */
function newestOf(own: SeenMember[]): SeenMember | undefined {
  const agents = own.filter(member => member.role === 'agent');
  const candidates = agents.length > 0 ? agents : own;
  return candidates.toSorted((a, b) => b.startedAt.getTime() - a.startedAt.getTime())[0];
}

function lastSeen(own: SeenMember[]): Date {
  return new Date(Math.max(...own.map(member => member.lastSeenAt.getTime())));
}

function skewedHost(hostId: string, own: SeenMember[], at: Date): FoundTrouble[] {
  const suspended = own.find(member => member.live && member.suspended);
  if (suspended === undefined) return [];
  const seconds = (suspended.clockSkewMs / 1000).toFixed(1);
  return [
    {
      kind: 'clockSkew',
      subject: hostId,
      title: `the clock of host ${hostId} is wrong`,
      sentence: `The clock of host ${hostId} differs from MongoDB's by ${seconds} s: the host is suspended and claims nothing until its clock is right. Look at its time synchronisation (NTP).`,
      since: at,
      holdMs: 0,
    },
  ];
}
