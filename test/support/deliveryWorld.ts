import { randomBytes } from 'node:crypto';
import { channels } from '../../app/channel';
import { Metrics } from '../../app/cluster/metrics';
import type { Lease } from '../../app/cluster/types';
import type { AlertState, OutboxEntry } from '../../app/domain/alert/types';
import type { MessageKind } from '../../app/domain/message/types';
import { alertModel } from '../../app/model/alert';
import { channelModel, jobModel } from '../../app/model/definition';
import { type DeliveryDoc, deliveryModel } from '../../app/model/delivery';
import { Alerts } from '../../app/repository/alerts';
import type { Database } from '../../app/repository/database';
import { Deliveries, type OutboxOwner } from '../../app/repository/deliveries';
import { Mutes } from '../../app/repository/mutes';
import { Subjects } from '../../app/repository/subjects';
import { createDeliveryLoop } from '../../app/service/delivery';
import type { DeliveryLoop } from '../../app/service/delivery/loop';
import { MuteService } from '../../app/service/mutes';
import { alertMessage } from './alertMessage';
import { RecordedLog } from './log';

/** A lease that a test takes away. */
class TestLease implements Lease {
  readonly hostId = 'host';
  valid = true;
  readonly suspended = false;
  draining = false;
  private readonly controller = new AbortController();

  constructor(readonly memberId: string) {}

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  remainingMs(): number {
    return this.valid ? 10_000 : 0;
  }

  lose(): void {
    this.valid = false;
    this.controller.abort();
  }
}

interface TestMember {
  loop: DeliveryLoop;
  lease: TestLease;
  log: RecordedLog;
}

const dayMs = 86_400_000;

/** Jobs, alerts and channels in a real database, and members that send, each like a worker of its own. */
export class DeliveryWorld {
  readonly deliveries: Deliveries;
  readonly mutes: Mutes;
  readonly service: MuteService;
  readonly live = new Set<string>();
  private readonly subjects: Subjects;
  private readonly alerts: Alerts;
  private readonly members: TestMember[] = [];
  private revision = 1;

  constructor(private readonly database: Database) {
    this.deliveries = new Deliveries(database, 30 * dayMs);
    this.mutes = new Mutes(database);
    this.subjects = new Subjects(database);
    this.alerts = new Alerts(database);
    const wake = () => this.wake();
    this.service = new MuteService({ mutes: this.mutes, subjects: this.subjects, deliveries: this.deliveries, wake });
  }

  /** One more worker; a clock or deliveries of the test may stand in its way. */
  member(
    options: {
      monotonic?: () => number;
      concurrency?: number;
      sweepMs?: number;
      deliveries?: Deliveries;
      /** Happens directly behind each look at who is live. */
      afterLiveOf?: () => Promise<void>;
    } = {},
  ): TestMember {
    const lease = new TestLease(`host:${this.members.length}:${randomBytes(4).toString('hex')}`);
    const log = new RecordedLog();
    const loop = createDeliveryLoop(
      {
        database: this.database,
        deliveries: options.deliveries ?? this.deliveries,
        mutes: this.mutes,
        subjects: this.subjects,
        outbox: this.alerts,
        liveOf: async ids => {
          const live = new Set(ids.filter(id => this.live.has(id)));
          await options.afterLiveOf?.();
          return live;
        },
        surroundings: {
          lease,
          clock: { now: () => new Date() },
          monotonic: options.monotonic ?? (() => performance.now()),
          outbound: { purpose: 'channel', allowNets: [], allowLoopback: true },
          channels,
          loadChannel: name => this.loadChannel(name),
          linkOf: () => null,
        },
        metrics: new Metrics(),
        log,
      },
      { sweepMs: options.sweepMs ?? 200, concurrency: options.concurrency ?? 10 },
    );
    this.live.add(lease.memberId);
    const member = { loop, lease, log };
    this.members.push(member);
    return member;
  }

  wake(): void {
    for (const { loop } of this.members) loop.wake();
  }

  /** Ends every member of this world. */
  async stop(): Promise<void> {
    await Promise.all(this.members.splice(0).map(({ loop }) => loop.stop(500)));
  }

  /** Creates or replaces a channel, as a PUT does: it is not broken any more. */
  async channel(name: string, kind: string, settings: Record<string, unknown>): Promise<void> {
    const fields = { ...this.definition(), kind, settings, broken: null };
    await this.database.collection(channelModel).updateOne({ _id: name }, { $set: fields }, { upsert: true });
  }

  async broken(name: string): Promise<{ code: string } | null> {
    return (await this.loadChannel(name))?.broken ?? null;
  }

  async job(name: string, labels: Record<string, string> = {}): Promise<void> {
    const fields = { ...this.definition(), spec: { labels }, sources: [], channels: [], paused: null };
    const plannedFromAt = new Date();
    await this.database
      .collection(jobModel)
      .updateOne({ _id: name }, { $set: { ...fields, plannedFromAt } }, { upsert: true });
  }

  /** The job's one alert comes to this state; with a kind it decides a message to these channels. */
  async alert(job: string, state: AlertState, seq: number, kind: MessageKind | null, to: string[]): Promise<void> {
    const alertId = `${job}.1.0`;
    const message = kind === null ? null : alertMessage({ alertId, seq, kind, job, series: {}, since: new Date() });
    const entries: OutboxEntry[] = message === null ? [] : [{ seq, kind: message.kind, channels: to, message }];
    const fields = {
      job,
      series: { $literal: {} },
      labels: { $literal: { job } },
      state,
      closed: false,
      seq,
      ...unchanging,
    };
    await this.database
      .collection(alertModel)
      .updateOne(
        { _id: alertId },
        [
          { $set: { ...fields, outbox: { $concatArrays: [{ $ifNull: ['$outbox', []] }, { $literal: entries }] } } },
          { $set: { hasOutbox: { $gt: [{ $size: '$outbox' }, 0] } } },
        ],
        { upsert: true },
      );
    this.wake();
  }

  /** The deliveries of a job, oldest message first. */
  async of(job: string): Promise<DeliveryDoc[]> {
    const found = await this.database.collection(deliveryModel).find({ job }).sort({ seq: 1 }).toArray();
    return found.map(document => deliveryModel.schema.parse(document));
  }

  /** `kind state` of each delivery of a job, oldest message first. */
  async states(job: string): Promise<string> {
    return (await this.of(job)).map(({ kind, state }) => `${kind} ${state}`).join(', ');
  }

  /** What an alert of this job has decided to say and no relay has taken yet. */
  async outbox(job: string): Promise<OutboxOwner[]> {
    return (await this.alerts.withOutbox(100)).filter(alert => alert.job === job);
  }

  /** Changes a stored delivery behind the back of its members. */
  async tamper(id: string, fields: Partial<DeliveryDoc>): Promise<void> {
    await this.database.collection(deliveryModel).updateOne({ _id: id }, { $set: fields });
  }

  /** MongoDB's time. */
  async now(): Promise<Date> {
    const [found] = await this.database.db
      .aggregate<{ now: Date }>([{ $documents: [{}] }, { $project: { now: '$$NOW' } }])
      .toArray();
    if (found === undefined) throw new Error('MongoDB did not tell the time.');
    return found.now;
  }

  private async loadChannel(name: string) {
    const stored = await this.database.collection(channelModel).findOne({ _id: name });
    return stored === null ? null : channelModel.schema.parse(stored);
  }

  private definition() {
    this.revision += 1;
    const { revision } = this;
    return { revision, createdRevision: revision, deleted: false, updatedAt: new Date(), updatedBy: 'test' };
  }
}

const at = new Date('2026-11-21T01:00:00Z');
const unchanging = {
  jobCreatedRevision: 1,
  value: 217,
  error: null,
  since: at,
  conditionSince: null,
  condition: null,
  firingTold: false,
  troubleTold: false,
  lastToldAt: null,
  resolvedAt: null,
  lastEvaluatedAt: at,
  absentCount: 0,
  ruleHash: '',
  queryHash: '',
  token: { scheduledAt: at, fence: 1 },
};
