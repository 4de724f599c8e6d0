import { Counter, Gauge, Histogram, Registry } from 'prom-client';

/** The figures of one process; /metrics adds up those of all processes of the host. */
export class Metrics {
  readonly registry = new Registry();
  readonly fires = this.counter('watchbell_fires_total', 'Occurrences announced by the timekeeper of this host');
  readonly reannounced = this.counter(
    'watchbell_reannounced_total',
    'Occurrences announced again: no record was found',
  );
  readonly claimsWon = this.counter('watchbell_claims_won_total', 'Occurrences that this host claimed');
  readonly claimsLost = this.counter('watchbell_claims_lost_total', 'Claims that another member had made first');
  readonly takenOver = this.counter(
    'watchbell_taken_over_total',
    'Runs and deliveries taken over from members not live',
  );
  readonly runs = new Counter({
    name: 'watchbell_runs_total',
    help: 'Runs ended on this host, by state',
    labelNames: ['state'],
    registers: [this.registry],
  });
  readonly deliveries = new Counter({
    name: 'watchbell_deliveries_total',
    help: 'Deliveries that came to this state on this host',
    labelNames: ['state'],
    registers: [this.registry],
  });
  readonly missed = new Counter({
    name: 'watchbell_missed_total',
    help: 'Missed occurrences that this host decided about by the misfire policy, by what became of them',
    labelNames: ['decision'],
    registers: [this.registry],
  });
  readonly lateness = new Histogram({
    name: 'watchbell_run_lateness_seconds',
    help: 'From the due time of an occurrence to the start of its run',
    buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60, 300],
    registers: [this.registry],
  });
  readonly clockSkew = this.gauge('watchbell_clock_skew_seconds', "This host's clock minus MongoDB's", 'average');
  readonly suspended = this.gauge(
    'watchbell_suspended',
    "1 while this host's clock is too far from MongoDB's: it claims nothing",
    'max',
  );
  readonly appliedRevision = this.gauge(
    'watchbell_applied_revision',
    'Highest revision in force in this process',
    'min',
  );
  readonly heapSize = this.gauge('watchbell_timekeeper_jobs', 'Jobs in the heap of the timekeeper');
  readonly running = this.gauge('watchbell_runs_running', 'Runs in progress on this host');
  readonly sourceWaiting = this.gauge('watchbell_source_reads_waiting', 'Reads that wait for a place at their source');
  readonly waiting = this.gauge('watchbell_occurrences_waiting', 'Announced occurrences that wait for a free place');

  private counter(name: string, help: string): Counter {
    return new Counter({ name, help, registers: [this.registry] });
  }

  private gauge(name: string, help: string, aggregator: 'sum' | 'min' | 'max' | 'average' = 'sum'): Gauge {
    return new Gauge({ name, help, aggregator, registers: [this.registry] });
  }
}
