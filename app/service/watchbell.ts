import type { Log } from '../domain/log';
import type { AlertReader } from './alerts';
import type { Convergence } from './clusterStatus';
import type { Definitions } from './definition';
import type { DeliveryReader } from './deliveries';
import type { HostControl } from './hostControl';
import type { JobTrials } from './jobTrials';
import type { KindsDocument } from './kinds';
import type { MuteService } from './mutes';
import type { SchedulePreviews } from './preview';
import type { RunControl } from './run/runControl';
import type { RunReader } from './runs';
import type { TokenService } from './tokens';
import type { Trials } from './trials';

/** What app.ts composes and the controllers use: `app.watchbell`. */
export interface Watchbell {
  readonly settings: {
    /** /close and /open take `?token=` with a token that can do nothing else. */
    readonly closeTokenInQuery: boolean;
  };
  readonly log: Log;
  readonly definitions: Definitions;
  readonly trials: Trials;
  readonly jobTrials: JobTrials;
  readonly previews: SchedulePreviews;
  readonly tokens: TokenService;
  readonly runs: RunReader;
  readonly runControl: RunControl;
  readonly alerts: AlertReader;
  readonly deliveries: DeliveryReader;
  readonly mutes: MuteService;
  readonly cluster: {
    status(): Promise<Record<string, unknown>>;
    /** Waits until every live member has the revision in force, at most timeoutMs. */
    converged(revision: number, timeoutMs: number): Promise<Convergence>;
  };
  readonly hosts: HostControl;
  readonly kinds: KindsDocument;
  /** The member that answers: this process, by the id that it has now. */
  memberId(): string;
  /** Whether this process can do its work: MongoDB answers, lease held, definitions loaded. Must answer within 4 s. */
  readiness(): Promise<{ ready: boolean; reasons: string[] }>;
  /** The figures of this host in Prometheus' text format. */
  metricsText(): Promise<{ contentType: string; text: string }>;
}
