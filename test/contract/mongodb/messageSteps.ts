import type { AlertState, CheckResult } from '../../../app/domain/alert/types';
import type { Transition } from '../../../app/domain/delivery/types';
import type { Trouble } from '../../../app/domain/selfWatch/types';
import { deliveryModel } from '../../../app/model/delivery';
import { muteModel } from '../../../app/model/mute';
import { Alerts } from '../../../app/repository/alerts';
import { Budgets } from '../../../app/repository/budgets';
import { ChannelHealth } from '../../../app/repository/channelHealth';
import { conclude } from '../../../app/repository/conclude';
import type { Database } from '../../../app/repository/database';
import { Deliveries } from '../../../app/repository/deliveries';
import { storeOnce } from '../../../app/repository/meta';
import { Mutes } from '../../../app/repository/mutes';
import { Removals } from '../../../app/repository/removals';
import { SelfAlerts } from '../../../app/repository/selfAlerts';
import { SelfObservations } from '../../../app/repository/selfObservations';
import { Subjects } from '../../../app/repository/subjects';
import { Tokens } from '../../../app/repository/tokens';
import { jobWith, minute, value } from '../../app/domain/alert/fixture';
import { evaluated, runningRun } from '../../app/repository/evaluated';
import type { Random } from '../../simulation/random';
import { storeJob } from '../../support/storedJob';
import { inOrder } from './alike';
import type { Step } from './runSteps';

const jobs = ['a', 'b', 'c.d'];
const channels = ['ops', 'self'];
const day = 86_400_000;
// Far ahead: a real mongod takes away what has expired.
const farAway = new Date('2098-01-01T00:00:00Z');
const ahead = (n: number) => new Date(farAway.getTime() + n * 60_000);
const error = { code: 'refused', message: '$it is, {"so": 1}' };

/** The database as it stands decides what a step is about: both stand alike. */
export async function messageSteps(random: Random, standing: Database): Promise<Record<string, Step>> {
  const area = random.int(10);
  if (area < 5) return await deliverySteps(random, standing);
  if (area < 7) return await alertSteps(random, standing);
  if (area < 8) return await muteSteps(random, standing);
  return area < 9 ? selfSteps(random) : otherSteps(random);
}

async function alertSteps(random: Random, standing: Database): Promise<Record<string, Step>> {
  const job = jobWith({ name: random.pick(jobs) });
  const n = random.int(2000);
  const points = [random.pick([50, 90, 150]), random.pick([50, 150])];
  const result: CheckResult = random.chance(0.2)
    ? { type: 'error', error }
    : { type: 'series', series: points.flatMap((point, index) => seriesOf(value(point), `h${index}`)) };
  const [known] = await new Alerts(standing).withOutbox(1);
  const seqs = known?.outbox.map(entry => entry.seq).slice(0, 1 + random.int(2)) ?? [];
  const state: AlertState = random.pick(['ok', 'firing', 'pending']);
  return {
    evaluate: async database => {
      const input = await evaluated(new Alerts(database), job, await runningRun(database, job, minute(n)), result);
      await conclude(database, input);
      return [inOrder(input.before), inOrder(input.after), inOrder(input.transitions)];
    },
    open: async database => inOrder(await new Alerts(database).open(job.name, job.createdRevision)),
    listAlerts: database => new Alerts(database).list({ state, limit: 2 }),
    transitions: database => new Alerts(database).transitions(known?.alertId ?? 'none', { limit: 3 }),
    withOutbox: async database => inOrder(await new Alerts(database).withOutbox(100)),
    pullOutbox: database => new Alerts(database).pullOutbox(known?.alertId ?? 'none', seqs),
    closeAll: database => new Alerts(database).closeAll(job.name, job.createdRevision, minute(n), farAway),
    otherHosts: async database => inOrder(await new Alerts(database).ofOtherHosts(job.name, 7, ['h0'])),
  };
}

function seriesOf(result: CheckResult, host: string) {
  return result.type === 'series' ? result.series.map(point => ({ ...point, labels: { ...point.labels, host } })) : [];
}

async function deliverySteps(random: Random, standing: Database): Promise<Record<string, Step>> {
  const deliveries = (database: Database) => new Deliveries(database, 30 * day);
  const owners = await new Alerts(standing).withOutbox(10);
  const stored = await standing.collection(deliveryModel).find({}).sort({ _id: 1 }).toArray();
  const documents = stored.map(document => deliveryModel.schema.parse(document));
  const sending = documents.filter(({ state }) => state === 'sending');
  const among = sending.length > 0 && random.chance(0.4) ? sending : documents;
  const some = among.length === 0 ? undefined : random.pick(among);
  const now = ahead(random.int(100));
  const owner = owners.length === 0 ? undefined : random.pick(owners);
  const outbox = owner?.outbox.map(entry => ({ ...entry, channels }));
  const ref = { _id: some?._id ?? 'none', fence: (some?.fence ?? 0) - (random.chance(0.15) ? 1 : 0) };
  const member = random.pick(['m1', '$m2']);
  const transition = drawnTransition(random);
  const filter = { job: random.pick(jobs), limit: 3 };
  return {
    insert: database => (owner && outbox ? deliveries(database).insert({ ...owner, outbox }, now) : null),
    due: async database => inOrder(await deliveries(database).due(500)),
    claim: database => database.causally(session => deliveries(database).claim(ref, member, session)),
    claimAgain: database => database.causally(session => deliveries(database).claim(ref, member, session)),
    neighbours: database => (some ? deliveries(database).neighbours(some) : null),
    changeAwaiting: database => deliveries(database).changeAwaiting(ref, transition),
    finish: database => deliveries(database).finish(ref, { transition, partsSent: 2 }),
    partSent: database => deliveries(database).partSent(ref, 1),
    heldInstead: database => (some ? deliveries(database).heldInstead(some) : null),
    heldByNone: async database => inOrder(await deliveries(database).heldByNone(['mute-1'], 100)),
    heldByOthers: database => deliveries(database).heldByOthers(ref, ['mute-2']),
    release: database => deliveries(database).release(ref, member === 'm1'),
    sending: async database => inOrder(await deliveries(database).sending(100)),
    countSending: database => deliveries(database).countSending(jobs),
    takeOver: database => deliveries(database).takeOver({ ...ref, member: some?.member ?? null }, transition),
    listDeliveries: database => deliveries(database).list(filter),
    drop: database => new Removals(database).dropDeliveries({ job: filter.job, sweepUpTo: 7 }),
  };
}

function drawnTransition(random: Random): Transition {
  return random.pick<Transition>([
    { to: 'sent' },
    { to: 'muted', mutedBy: [random.pick(['mute-1', 'mute-2'])] },
    { to: 'folded', supersededBy: '$other' },
    { to: 'failed', error },
    { to: 'pending', afterMs: -60_000, counted: random.chance(0.5), error },
    { to: 'pending', afterMs: day, counted: true, error: null },
    { to: 'uncertain', retryAfterMs: random.chance(0.5) ? null : -60_000, error },
  ]);
}

async function muteSteps(random: Random, standing: Database): Promise<Record<string, Step>> {
  const names = [random.pick(jobs), random.pick(jobs)];
  const end = random.pick([{ forMs: 600_000 }, { until: farAway }, { until: minute(0) }, { forever: true as const }]);
  const startsAt = random.chance(0.3) ? new Date('2097-01-01T00:00:00Z') : null;
  const matchers = [{ label: 'job', op: '=' as const, value: random.pick(jobs) }];
  const [stored] = await standing.collection(muteModel).find({}).limit(1).toArray();
  return {
    createMute: database => new Mutes(database).create({ matchers, startsAt, end, note: '$note' }, 'me'),
    closeNames: database => new Mutes(database).close([...new Set(names)], end, '$you'),
    openNames: database => new Mutes(database).open(names, 'they'),
    endUnknown: database => new Mutes(database).end(stored === undefined ? 'none' : 'other', 'me'),
    active: async database => (await new Mutes(database).active({ job: names[0] })).length,
    listMutes: async database =>
      (await new Mutes(database).list({ active: names[0] === 'a', limit: 100 })).items.length,
  };
}

function selfSteps(random: Random): Record<string, Step> {
  const kind = random.pick(['hostLost', 'databaseAway'] as const);
  const trouble: Trouble = { kind, subject: 'x', title: '$t', sentence: 's', since: minute(random.int(10)) };
  const key = `${kind}:x`;
  const now = ahead(random.int(100));
  const state = random.pick(['open', 'ended'] as const);
  const alerts = (database: Database) => new SelfAlerts(database);
  return {
    openTrouble: database => alerts(database).open(trouble, now),
    claimTrouble: database => alerts(database).claim(key, state),
    told: database => alerts(database).told(key),
    notTold: database => alerts(database).notTold(key, -1000),
    endTrouble: database => alerts(database).end(key),
    closeTrouble: database => alerts(database).close(key),
    endAbsence: database => alerts(database).endAbsence(trouble, 1, now),
    troubles: async database => inOrder(await alerts(database).all()),
    backlog: database => new SelfObservations(database).backlog(ahead(5000), []),
    overdue: database => new SelfObservations(database).overdueDeliveries(ahead(-5000)),
    broken: async database => inOrder(await new SelfObservations(database).brokenChannels()),
  };
}

function otherSteps(random: Random): Record<string, Step> {
  const budget = { key: random.pick(['r1', 'r2']), limit: 3, windowMs: random.pick([60_000, 1]) };
  const ids = [`$p${random.int(4)}`, `p${random.int(4)}`];
  const name = random.pick(channels);
  const job = random.pick(jobs);
  const token = {
    _id: `hash-${random.int(3)}`,
    id: `id-${random.int(3)}`,
    name: 'n',
    role: 'viewer' as const,
    scopes: [],
    jobs: [],
    createdAt: minute(0),
    createdBy: 'me',
    expiresAt: random.pick([null, farAway, minute(-1_000_000)]),
  };
  const channel = { revision: 1, createdRevision: 1, deleted: false, updatedAt: minute(0), updatedBy: 'me', kind: 'k' };
  return {
    take: async database => (await new Budgets(database).take(budget, ids)).granted,
    giveBack: database => new Budgets(database).giveBack(budget.key, ids),
    used: database => new Budgets(database).used(budget.key, ids),
    hold: database => new Budgets(database).hold(budget.key, -1000),
    channel: database =>
      database.db
        .collection<{ _id: string; [field: string]: unknown }>('channels')
        .updateOne({ _id: name }, { $setOnInsert: { ...channel, settings: {}, broken: null } }, { upsert: true }),
    breaks: database => new ChannelHealth(database).broken(name, 1, error),
    works: database => new ChannelHealth(database).works(name),
    insertToken: database => new Tokens(database).insert(token),
    byHash: database => new Tokens(database).byHash(token._id),
    tokens: database => new Tokens(database).list(2, 'id-0'),
    deleteToken: database => new Tokens(database).delete(token.id),
    storeOnce: database => storeOnce(database, 'meta', job),
    storeJob: database => storeJob(database, { name: job, labels: { team: job } }),
    labelsOf: database => new Subjects(database).labelsOf(jobs),
    openAlerts: async database => {
      const found: unknown[] = [];
      for await (const subject of new Subjects(database).openAlerts([])) found.push(subject);
      return inOrder(found);
    },
    removals: async database => inOrder(await new Removals(database).open(10)),
  };
}
