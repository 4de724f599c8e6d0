import type { Lease } from '../../cluster/types';
import { ConflictError, ValidationError } from '../../domain/errors';
import type { Job } from '../../domain/job/types';
import { labelsInWords, mayRunOn, noHost, type PlacedHost, type PlacedRun, placedOn } from '../../domain/run/placement';
import { givenUp } from '../../model/run';
import type { Hosts } from '../../repository/hosts';

/** Who is to execute a run that a person asks for. */
export interface RunTarget extends PlacedRun {
  /** Nobody's (`givenUp`) where another host is to execute it: its next sweep finds it. */
  member: string;
  hostId: string;
}

export interface TargetsPorts {
  lease: Lease;
  host: PlacedHost;
  hosts: Pick<Hosts, 'taking'>;
}

/** Finds hosts for what people ask for. */
export class Targets {
  constructor(private readonly ports: TargetsPorts) {}

  /**
   * This host where it may and nobody has named another one. Throws ConflictError where no host may, or not the named one;
   * ValidationError where a host is named for a job that one host runs.
   */
  async of(job: Job, hostId: string | null): Promise<RunTarget> {
    const { lease, host } = this.ports;
    const { placement } = job;
    if (placement.on === 'one' && hostId !== null) throw notBound();
    const isWanted = hostId === null || hostId === host.id;
    const here = placedOn(host.id, placement);
    if (isWanted && !lease.draining && mayRunOn({ hostLabels: placement.hostLabels }, host)) {
      return { member: lease.memberId, hostId: host.id, ...here };
    }
    // A draining host's runs without labels wait for any other one, which may not have come yet.
    if (here.boundTo === undefined && here.hostLabels === undefined) return { member: givenUp, hostId: '' };
    const [first] = await this.boundHosts(job, hostId);
    const id = first ?? '';
    const placed = placedOn(id, placement);
    return { member: givenUp, hostId: placed.boundTo ?? '', ...placed };
  }

  /** The hosts that take work of this job: all, or the one that is named. Throws ConflictError where there is none. */
  async boundHosts({ placement }: Job, hostId: string | null): Promise<string[]> {
    const all = (await this.ports.hosts.taking(placement.hostLabels)).map(({ id }) => id);
    const found = hostId === null ? all : all.filter(id => id === hostId);
    if (found.length > 0) return found;
    if (hostId === null) throw new ConflictError(sentence(placement.hostLabels));
    throw new ConflictError(`The host "${hostId}" does not run this job now; these do: ${all.join(', ') || 'none'}.`);
  }
}

function sentence(hostLabels: PlacedHost['labels']): string {
  return labelsInWords(hostLabels) === '' ? 'No host takes work now.' : noHost(hostLabels).message;
}

/** Only jobs that every host runs take a host. */
export function notBound(): ValidationError {
  const message = 'only of a job with "placement": {"on": "every-host"} the host can be named';
  return new ValidationError([{ path: 'hostId', message }]);
}
