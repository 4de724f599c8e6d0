import { takesWork } from '../domain/cluster/hostState';
import { hasLabels, type PlacedHost } from '../domain/run/placement';
import type { Drains } from './drains';
import type { Members, MemberView } from './members';

/** The hosts of the cluster, by what their members and the drains say. */
export class Hosts {
  private seen: { at: number; hosts: PlacedHost[] } | null = null;

  constructor(
    private readonly members: Pick<Members, 'live' | 'all'>,
    private readonly drains: Pick<Drains, 'all'>,
  ) {}

  /** Those that take work: with a live member, not suspended and not draining; only those with all of these labels. */
  async taking(wanted: PlacedHost['labels']): Promise<PlacedHost[]> {
    const [live, drains] = await Promise.all([this.members.live(), this.drains.all()]);
    const draining = new Set(drains.map(({ hostId }) => hostId));
    const able = live.filter(member => takesWork(member, draining.has(member.hostId)));
    return hostsOf(able).filter(({ labels }) => hasLabels(labels, wanted));
  }

  /**
   * Those that may come back: with a member that is live or ended within a day; only those with all of these labels. As
   * they were at most `maxAgeMs` ago.
   */
  async known(wanted: PlacedHost['labels'], maxAgeMs = 0): Promise<PlacedHost[]> {
    if (this.seen === null || performance.now() - this.seen.at > maxAgeMs) {
      const at = performance.now();
      this.seen = { at, hosts: hostsOf(await this.members.all()) };
    }
    return this.seen.hosts.filter(({ labels }) => hasLabels(labels, wanted));
  }
}

/** Each host once, in the order of their ids, with the labels that its newest member was started with. */
export function hostsOf(members: readonly MemberView[]): PlacedHost[] {
  const oldestFirst = [...members].sort((a, b) => a.startedAt.getTime() - b.startedAt.getTime());
  const labels = new Map(oldestFirst.map(({ hostId, hostLabels }) => [hostId, hostLabels]));
  return [...labels].map(([id, labels]) => ({ id, labels })).sort((a, b) => (a.id < b.id ? -1 : 1));
}
