import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { type ApiAnswer, ApiClient } from './apiClient';
import type { Host } from './cluster';
import type { ClusterWorld } from './clusterWorld';
import { eventually } from './eventually';
import type { WebhookCall, WebhookReceiver } from './webhookReceiver';

const date = z.iso.datetime().transform(text => new Date(text));
const deliverySchema = z.object({ _id: z.string(), state: z.string(), fence: z.number(), claimedAt: z.date() });
const closeAnswer = z.object({ endsAt: date.nullable(), inFlight: z.number() });
/** Longer than the server's own limit. */
const answerMs = 8000;
/** Between two looks at what a job has come to. */
const lookMs = 200;
const webhookBody = z.object({ job: z.string() });

type Delivery = z.infer<typeof deliverySchema>;

/** A /close that has answered. */
export interface Closed {
  job: string;
  /** The worker that answered. */
  member: string;
  /** MongoDB's time right after the answer had arrived: what is claimed later may not be sent. */
  at: Date;
  endsAt: Date | null;
  inFlight: number;
}

/** Closes and opens jobs through workers taken at random, and judges what was sent meanwhile. */
export class MuteTrials {
  /** The workers that have answered /close or /open. */
  readonly answeredBy = new Set<string>();

  constructor(
    private readonly world: ClusterWorld,
    private readonly receiver: WebhookReceiver,
    /** The hosts that are asked. */
    public hosts: readonly Host[],
    /** A job that nobody mutes. */
    private readonly control: string,
  ) {}

  /** Close at a random moment between two checks → two checks held → open → sent again. Throws where it is not so. */
  async attempt(job: string): Promise<void> {
    await sleep(Math.random() * 1000);
    const closed = await this.close(job);
    await this.assertHeld(closed);
    await this.open(job);
  }

  /** Through any worker of any host: each request is a new connection. */
  async close(job: string, end = ''): Promise<Closed> {
    const answer = await this.anyApi().post(`/close?name=${job}${end}`);
    if (answer.status !== 200) throw new Error(`/close: ${answer.status} ${JSON.stringify(answer.body)}`);
    const at = await this.databaseTime();
    const { endsAt, inFlight } = closeAnswer.parse(answer.body);
    return { job, member: this.memberOf(answer), at, endsAt, inFlight };
  }

  /** Waits until two later checks wanted to tell and were held; throws where anything claimed after the answer was sent. */
  async assertHeld(closed: Closed, since = closed.at): Promise<void> {
    const { job, at, inFlight } = closed;
    await this.twoHeld(job, since);
    await this.told(this.control, since);
    const known = await this.deliveries(job);
    const sent = [...known.values()].filter(one => one.state === 'sent' && isBetween(one, closed));
    const calls = this.arrivals(job, at).map(call => ({ call, delivery: known.get(call.id ?? '') }));
    const wrong = calls.filter(({ call, delivery }) => delivery?.fence === call.fence && isBetween(delivery, closed));
    // Of an earlier claim: made before the answer, by a member that lost it since.
    const early = calls.filter(({ call, delivery }) => delivery?.fence !== call.fence || delivery.claimedAt <= at);
    if (sent.length > 0 || wrong.length > 0 || early.length > inFlight) {
      throw new Error(`sent although it was closed: ${JSON.stringify({ closed, sent, calls })}`);
    }
  }

  /** Asked of the database, and seldom: the hosts shall be busy with checks, not with the test. */
  private async twoHeld(job: string, since: Date): Promise<void> {
    const held = { job, state: 'muted', claimedAt: { $gt: since } };
    const look = async () => {
      await sleep(lookMs);
      return (await this.world.database.db.collection('deliveries').countDocuments(held)) >= 2;
    };
    await eventually(`two checks of ${job} are held`, look, 30_000);
  }

  /** Opens and waits until the job is told again. */
  async open(job: string): Promise<void> {
    const answer = await this.anyApi().post(`/open?name=${job}`);
    if (answer.status !== 200) throw new Error(`/open: ${answer.status} ${JSON.stringify(answer.body)}`);
    this.memberOf(answer);
    const at = new Date();
    await this.told(job, at);
  }

  /** Waits until a message of the job arrives after this moment. */
  async told(job: string, after: Date): Promise<void> {
    await eventually(`${job} is told`, () => this.arrivals(job, after).length > 0, 30_000);
  }

  /** Messages of a job that the receiver took after this moment. */
  arrivals(job: string, after: Date): WebhookCall[] {
    return this.receiver.taken.filter(call => call.at > after && webhookBody.parse(call.body).job === job);
  }

  /** The members that claimed a delivery and found it muted. */
  async muters(): Promise<Set<string>> {
    const members = await this.world.database.db.collection('deliveries').distinct('member', { state: 'muted' });
    return new Set(members.map(String));
  }

  private anyApi(): ApiClient {
    const host = this.hosts[Math.floor(Math.random() * this.hosts.length)];
    if (host === undefined) throw new Error('no host');
    return new ApiClient(() => host.url, this.world.token, answerMs);
  }

  /** Claimed deliveries of a job by id, as they stand in the database. */
  private async deliveries(job: string): Promise<Map<string, Delivery>> {
    const stored = await this.world.database.db
      .collection('deliveries')
      .find({ job, claimedAt: { $ne: null } })
      .toArray();
    return new Map(stored.map(document => deliverySchema.parse(document)).map(one => [one._id, one]));
  }

  private memberOf({ headers }: ApiAnswer): string {
    const member = headers['watchbell-member'];
    if (typeof member !== 'string') throw new Error('the answer does not name its worker');
    this.answeredBy.add(member);
    return member;
  }

  private async databaseTime(): Promise<Date> {
    return z.object({ localTime: z.date() }).parse(await this.world.database.db.command({ hello: 1 })).localTime;
  }
}

/** Claimed while it was closed. */
function isBetween({ claimedAt }: Delivery, { at, endsAt }: Closed): boolean {
  return claimedAt > at && (endsAt === null || claimedAt < endsAt);
}
