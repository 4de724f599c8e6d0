import type { PlacedHost } from '../../domain/run/placement';
import { Backfills } from '../../repository/backfills';
import { Calendars } from '../../repository/calendars';
import { Drains } from '../../repository/drains';
import { Hosts } from '../../repository/hosts';
import { Jobs } from '../../repository/jobs';
import { RunCancels } from '../../repository/runCancels';
import { RunOwners } from '../../repository/runOwners';
import { RunQueries } from '../../repository/runQueries';
import { RunQueue } from '../../repository/runQueue';
import { RunRequests } from '../../repository/runRequests';
import { Settlements } from '../../repository/settlements';
import type { ActiveRuns } from './activeRuns';
import { Backfill } from './backfill';
import { Cancels } from './cancels';
import { Claimer } from './claimer';
import { Conclusion } from './conclusion';
import { Intake } from './intake';
import { LostRuns } from './lostRuns';
import { Newest } from './newest';
import { Promoter } from './promoter';
import { RunControl } from './runControl';
import { RunNow } from './runNow';
import { Runner } from './runner';
import type { RunServicePorts } from './runService';
import { Starter } from './starter';
import { StrandedRuns } from './strandedRuns';
import { WaitingPlace } from './waitingPlace';

/** A restart of a host takes less than so many leases: then a run that only it may execute is not waited for any more. */
const strandedLeases = 3;

/** What the path of an occurrence is made of, put together. */
export class RunParts {
  readonly owners: RunOwners;
  readonly cancelWrites: RunCancels;
  readonly intake: Intake;
  readonly lostRuns: LostRuns;
  readonly cancels: Cancels;
  readonly promoter: Promoter;
  readonly control: RunControl;

  constructor(
    private readonly ports: RunServicePorts,
    private readonly active: ActiveRuns,
  ) {
    const { database } = ports;
    this.owners = new RunOwners(database);
    this.cancelWrites = new RunCancels(database);
    const jobs = new Jobs(database);
    const newest = new Newest({ jobs, calendars: new Calendars(database) });
    const starter = this.starter(jobs, newest);
    const hosts = new Hosts(ports.members, new Drains(database));
    const shared = { ...ports, active, starter, hosts, host: this.host, ...this.hooks() };
    const queue = new RunQueue(database);
    const cancels = this.cancelWrites;
    this.promoter = new Promoter({ ...shared, queue, horizonMs: ports.misfireHorizonMs });
    const stranded = new StrandedRuns({ hosts, waitMs: strandedLeases * ports.leaseMs });
    this.lostRuns = new LostRuns({ ...shared, owners: this.owners, cancels, stranded });
    this.cancels = new Cancels({ ...shared, cancels });
    const requests = new RunRequests(database);
    const waitingPlace = new WaitingPlace({ ...shared, queue, cancels, requests, promoter: this.promoter });
    const claimer = new Claimer({ ...shared, waitingPlace });
    this.intake = new Intake({ ...shared, claimer });
    const runNow = new RunNow({ ...shared, requests, claimer });
    const backfill = new Backfill({ ...shared, backfills: new Backfills(database, ports.runRetentionDays) });
    this.control = new RunControl({ ...shared, newest, queries: new RunQueries(database), cancels, runNow, backfill });
  }

  private get host(): PlacedHost {
    return { id: this.ports.lease.hostId, labels: this.ports.hostLabels };
  }

  private starter(jobs: Jobs, newest: Newest): Starter {
    const { ports, active } = this;
    const hosts = new Hosts(ports.members, new Drains(ports.database));
    const conclusion = new Conclusion({ ...ports, active, hosts, isClaiming: () => this.intake.isClaiming });
    const runner = new Runner({ ...ports, jobs, cancels: this.cancelWrites, conclusion, active });
    const settlements = new Settlements(ports.database, jobs, ports);
    return new Starter({ ...ports, host: this.host, newest, settlements, runner, ...this.hooks() });
  }

  /** What one part tells another that is made after it. */
  private hooks() {
    return {
      freed: (lane: string | null, others: boolean) => this.promoter.freed(lane, others),
      cancelAsked: () => this.cancels.wake(),
      queued: () => this.promoter.wake(),
    };
  }
}
