import type { Metrics } from '../../cluster/metrics';
import type { Log } from '../../domain/log';
import { Budgets } from '../../repository/budgets';
import { ChannelHealth } from '../../repository/channelHealth';
import type { Database } from '../../repository/database';
import type { Deliveries } from '../../repository/deliveries';
import type { Mutes } from '../../repository/mutes';
import type { Subjects } from '../../repository/subjects';
import { CalmLog } from './calmLog';
import { DeliveryLoop, type LoopOptions } from './loop';
import { MuteEnd } from './muteEnd';
import { MuteGate } from './muteGate';
import { Outcomes } from './outcomes';
import { Preparation } from './prepare';
import { Relay } from './relay';
import { Sender } from './sender';
import { TakeOver } from './takeOver';
import type { OutboxStore, Surroundings } from './types';

export interface DeliveryParts {
  database: Database;
  deliveries: Deliveries;
  mutes: Mutes;
  subjects: Subjects;
  outbox: OutboxStore;
  /** Which of these members are live, from the primary. */
  liveOf: (ids: readonly string[]) => Promise<ReadonlySet<string>>;
  surroundings: Surroundings;
  metrics: Metrics;
  log: Log;
}

/** The sending part of one worker, not started. */
export function createDeliveryLoop(parts: DeliveryParts, options: LoopOptions): DeliveryLoop {
  const { database, deliveries, mutes, subjects, outbox, liveOf, surroundings, metrics, log } = parts;
  const { lease, clock, monotonic } = surroundings;
  const gate = new MuteGate(mutes);
  const outcomes = new Outcomes(deliveries, metrics, log);
  const health = new ChannelHealth(database);
  const preparation = new Preparation(surroundings, health);
  const budgets = new Budgets(database);
  const sender = new Sender({ database, deliveries, budgets, health, gate, outcomes, preparation, surroundings, log });
  const knows = (id: string) => sender.knows(id);
  return new DeliveryLoop(
    {
      lease,
      deliveries,
      relay: new Relay(outbox, deliveries, clock, lease),
      muteEnd: new MuteEnd(deliveries, gate, subjects, log),
      takeOver: new TakeOver({ deliveries, outcomes, preparation, lease, liveOf, knows }),
      outcomes,
      sender,
      log: new CalmLog(log, monotonic),
    },
    options,
  );
}
