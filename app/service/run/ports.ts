import type { Metrics } from '../../cluster/metrics';
import type { Clock, Lease } from '../../cluster/types';
import type { Log } from '../../domain/log';
import type { PlacedHost } from '../../domain/run/placement';
import type { Members } from '../../repository/members';
import type { Runs } from '../../repository/runs';
import type { ActiveRuns } from './activeRuns';
import type { Starter } from './starter';

/** What everything needs that makes runs this worker's own: by a claim or by a take-over. */
export interface OwningPorts {
  runs: Runs;
  members: Members;
  /** This host. */
  host: PlacedHost;
  starter: Starter;
  active: ActiveRuns;
  lease: Lease;
  clock: Clock;
  metrics: Metrics;
  log: Log;
  /** Runs in progress in this worker at most. */
  maxRuns: number;
}
