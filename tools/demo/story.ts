import { z } from 'zod';
import type { AccessLog } from './accessLog';
import type { Api } from './api';
import type { Inbox } from './inbox';
import type { Narrator } from './narrator';
import type { Traffic } from './traffic';
import { waitFor } from './waiting';

export interface Stage {
  narrator: Narrator;
  api: Api;
  inbox: Inbox;
  log: AccessLog;
  traffic: Traffic;
  /** The robot's address. */
  robotUrl: string;
  /** Ends every wait. */
  stopped: AbortSignal;
}

const job = 'online-404';
const windowS = 20;
const threshold = 100;
const repeatMs = 10_000;

const anything = z.unknown();
const revisionSchema = z.object({ revision: z.number() });
const closedSchema = z.object({ closed: z.array(z.string()), endsAt: z.string(), inFlight: z.number() });
const deliveriesSchema = z.object({
  items: z.array(
    z.object({
      id: z.string(),
      alertId: z.string(),
      seq: z.number(),
      kind: z.string(),
      state: z.string(),
      mutedBy: z.array(z.string()),
      createdAt: z.string(),
    }),
  ),
});
const runsSchema = z.object({
  items: z.array(
    z.object({ id: z.string(), state: z.string(), member: z.string().nullable(), scheduledAt: z.string() }),
  ),
});
const mutesSchema = z.object({ items: z.array(z.object({ id: z.string() }).loose()) });

/** Source, channel and job, through the public API. */
export async function define({ narrator, api, log, robotUrl }: Stage): Promise<void> {
  narrator.heading('Where to look, whom to tell, and when: a source, a channel and a job');
  narrator.command(api.exports);
  await tellRevision(narrator, api, '/api/v1/sources/access-log', log.source);
  await tellRevision(narrator, api, '/api/v1/channels/ops-group', { kind: 'wecom-robot', url: robotUrl });
  await tellRevision(narrator, api, `/api/v1/jobs/${job}?wait=converged`, {
    kind: 'check',
    title: '404 online',
    labels: { severity: 'critical' },
    schedule: { cron: '*/10 * * * * *' },
    check: { source: 'access-log', query: log.query(windowS), rule: { op: '>', threshold } },
    notify: { channels: ['ops-group'], repeatMs, onResolved: true },
  });
  narrator.say(
    `Here everything is fast: a check every 10 s of the last ${windowS} s, a reminder every ${repeatMs / 1000} s.`,
  );
  narrator.say(
    'For real you would write "cron": "*/10 * * * *" (every ten minutes), "repeatMs": 3600000 (an hour) and',
  );
  narrator.say(`  ${log.realQuery}`);
}

/** More 404s than the threshold: the group hears of it. */
export async function rise({ narrator, inbox, traffic, stopped }: Stage): Promise<void> {
  narrator.heading(`The shop breaks: 404s rise above ${threshold} in ${windowS} s`);
  // A jump, then just enough: so that the fall is seen soon as well.
  await traffic.burst(threshold);
  traffic.notFoundPerS = 8;
  narrator.say('The next check, within 10 s, sees it.');
  await waitFor('a FIRING message in the group', 30_000, stopped, () => inbox.find(0, ['FIRING']));
  narrator.seen('The alert fired, and the group knows.');
}

/** /close on one worker: what comes next is held, on each worker. */
export async function close({ narrator, api, inbox, stopped }: Stage): Promise<void> {
  narrator.heading('"I know, I am at it": /close, on whichever worker takes the call');
  const answer = await api.tell('POST', `/close?name=${job}&for=2h`, closedSchema);
  const closedAt = new Date();
  narrator.answer(JSON.stringify(answer));
  const heardBefore = inbox.shown.length + answer.inFlight;
  narrator.say('The 404s go on. The next two reminders come from checks on different workers, and each is held:');
  const held = await waitFor('messages held on both workers', 45_000, stopped, () => heldByWorkers(api, closedAt));
  for (const { delivery, worker } of held) {
    narrator.answer(
      `${delivery.kind} #${delivery.seq}: checked by worker ${worker}, ${delivery.state} by mute ${delivery.mutedBy.join(', ')}`,
    );
  }
  const active = await api.tell('GET', '/api/v1/mutes?active=true', mutesSchema);
  for (const mute of active.items) narrator.answer(JSON.stringify(mute));
  if (inbox.shown.length > heardBefore) throw new Error('a message arrived although /close had answered');
  narrator.seen('The group heard nothing since /close had answered.');
}

/** /open: the group hears again at once, because it still fires. */
export async function open({ narrator, api, inbox, stopped }: Stage): Promise<void> {
  narrator.heading('/open: the group hears again');
  const before = inbox.shown.length;
  narrator.answer(JSON.stringify(await api.tell('POST', `/open?name=${job}`, anything)));
  await waitFor('a message after /open', 20_000, stopped, () => inbox.find(before, ['FIRING', 'STILL FIRING']));
  narrator.seen('It still fires, so what was held is said now.');
}

/** The 404s stop: the group hears that it is over. */
export async function fall({ narrator, inbox, traffic, stopped }: Stage): Promise<void> {
  narrator.heading('The shop is mended: 404s fall');
  traffic.notFoundPerS = 0;
  narrator.say(`In at most ${windowS} s the window is empty again; a reminder may come before that.`);
  await waitFor('a RESOLVED message in the group', 60_000, stopped, () => inbox.find(0, ['RESOLVED']));
  narrator.seen('Over, and the group knows that too.');
}

interface Held {
  delivery: z.output<typeof deliveriesSchema>['items'][number];
  worker: string;
}

/** The muted deliveries since /close with the worker whose check made each; null until two workers are among them. */
async function heldByWorkers(api: Api, since: Date): Promise<Held[] | null> {
  const deliveries = await api.call('GET', `/api/v1/deliveries?job=${job}&state=muted`, deliveriesSchema);
  const runs = await api.call('GET', `/api/v1/runs?job=${job}&limit=20`, runsSchema);
  const held = deliveries.items.flatMap(delivery => {
    const createdAt = new Date(delivery.createdAt);
    if (createdAt < since) return [];
    const run = runs.items.find(one => one.state === 'succeeded' && new Date(one.scheduledAt) <= createdAt);
    return run?.member == null ? [] : [{ delivery, worker: run.member }];
  });
  return new Set(held.map(one => one.worker)).size >= 2 ? held.reverse() : null;
}

async function tellRevision(narrator: Narrator, api: Api, path: string, body: unknown): Promise<void> {
  const { revision } = await api.tell('PUT', path, revisionSchema, body);
  narrator.answer(`stored, revision ${revision}`);
}
