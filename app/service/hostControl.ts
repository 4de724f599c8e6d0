import { NotFoundError } from '../domain/errors';
import type { Log } from '../domain/log';
import type { Database } from '../repository/database';
import { Drains } from '../repository/drains';
import { HostReader, hostIds, hostView } from './hosts';
import { didYouMean } from './near';

/** Runs of a host that is drained by the API may go on for so long where nobody says otherwise. */
const defaultLimitMs = 600_000;

/** What people ask of hosts. */
export class HostControl {
  private readonly hosts: HostReader;
  private readonly drains: Drains;

  constructor(
    database: Database,
    private readonly log: Log,
  ) {
    this.hosts = new HostReader(database);
    this.drains = new Drains(database);
  }

  /**
   * From now on the host takes no work, until `resume`; what runs there may go on for limitMs. Asking again changes
   * nothing but that span, and that only where it is given. Answers the host as it is then. Throws NotFoundError.
   */
  async drain(hostId: string, by: string, limitMs: number | null): Promise<Record<string, unknown>> {
    await this.assertKnown(hostId);
    const { runsUntil } = await this.drains.ask(hostId, by, { givenMs: limitMs, defaultMs: defaultLimitMs });
    this.log.info('host.drainAsked', { host: hostId, by, runsUntil });
    return hostView(hostId, await this.hosts.seen());
  }

  /** The host may work again. Throws NotFoundError. */
  async resume(hostId: string, by: string): Promise<void> {
    await this.assertKnown(hostId);
    await this.drains.end(hostId);
    this.log.info('host.drainEnded', { host: hostId, by });
  }

  private async assertKnown(hostId: string): Promise<void> {
    const known = hostIds(await this.hosts.seen());
    if (known.includes(hostId)) return;
    throw new NotFoundError(`There is no host ${JSON.stringify(hostId)}.${didYouMean(hostId, known)}`);
  }
}
