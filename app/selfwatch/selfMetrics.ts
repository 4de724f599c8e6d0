import { Counter, Gauge, type Registry } from 'prom-client';

/** The figures of the watch over Watchbell itself, on /metrics of its host. */
export class SelfMetrics {
  readonly messages;
  readonly heartbeats;
  readonly troubles;

  constructor(registry: Registry) {
    this.messages = new Counter({
      name: 'watchbell_self_messages_total',
      help: 'Messages about Watchbell itself to the channel self, by outcome (told, failed)',
      labelNames: ['outcome'],
      registers: [registry],
    });
    this.heartbeats = new Counter({
      name: 'watchbell_heartbeats_total',
      help: 'Calls of the heartbeat URL by outcome (ok, failed, withheld)',
      labelNames: ['outcome'],
      registers: [registry],
    });
    this.troubles = new Gauge({
      name: 'watchbell_self_troubles',
      help: 'Troubles of Watchbell itself that this host sees now, by kind',
      labelNames: ['kind'],
      aggregator: 'sum',
      registers: [registry],
    });
  }
}
