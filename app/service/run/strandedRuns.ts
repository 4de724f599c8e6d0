import { labelsInWords, mayRunOn, type PlacedHost } from '../../domain/run/placement';
import { givenUp } from '../../model/run';
import type { Hosts } from '../../repository/hosts';
import type { UnfinishedRun } from '../../repository/runOwners';

export interface StrandedRunsPorts {
  hosts: Pick<Hosts, 'taking'>;
  /** A run waits so long for a host that may go on with it. */
  waitMs: number;
  /** Monotonic, in ms. */
  now?: () => number;
}

/**
 * Lost runs that this host may not go on with. They wait for the hosts that may; one whose hosts do not come back in time
 * is never run on another, and must not wait for ever.
 */
export class StrandedRuns {
  /** By what the runs ask for: since when no host that may go on with them has been seen. */
  private since = new Map<string, number>();
  private readonly now: () => number;

  constructor(private readonly ports: StrandedRunsPorts) {
    this.now = ports.now ?? (() => performance.now());
  }

  /** `runs` are all lost ones of this moment that are not for this host. Answers those that have waited long enough. */
  async overdue(runs: readonly UnfinishedRun[]): Promise<UnfinishedRun[]> {
    const hosts: PlacedHost[] = runs.length === 0 ? [] : await this.ports.hosts.taking({});
    const now = this.now();
    const waiting = runs.filter(run => !hosts.some(host => mayRunOn(run, host)));
    this.since = new Map(waiting.map(keyOf).map(key => [key, this.since.get(key) ?? now]));
    return waiting.filter(run => now - (this.since.get(keyOf(run)) ?? now) >= this.ports.waitMs);
  }
}

function keyOf({ boundTo, hostLabels = {} }: UnfinishedRun): string {
  return boundTo ?? `~${labelsInWords(hostLabels)}`;
}

/** Why such a run ends, for its record. */
export function strandedError({ boundTo, hostLabels = {}, member }: UnfinishedRun): { code: string; message: string } {
  const why = member === givenUp ? 'It was given up' : `The member ${member} that held it was lost`;
  const host =
    boundTo === undefined
      ? `no host with the labels that its job asks for (${labelsInWords(hostLabels)}) is there`
      : `its host ${boundTo} is gone or drained`;
  return { code: 'hostLost', message: `${why}, and ${host}: it is not run on another host.` };
}
