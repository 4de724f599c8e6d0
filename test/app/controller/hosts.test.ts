import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { runModel } from '../../../app/model/run';
import { type Answer, problemOf, useApi } from '../../support/api';
import { memberOf, type TestMember } from '../../support/members';

const api = useApi();
let agent: TestMember;
let worker: TestMember;

beforeAll(async () => {
  agent = memberOf(api.database, { hostId: 'rack-1.example', role: 'agent' });
  worker = memberOf(api.database, { hostId: 'rack-1.example', role: 'worker' });
  for (const { member } of [agent, worker]) await member.renew();
  await api.collection(runModel.collection).insertOne({
    ...{ _id: 'job@2026-01-01T00:00:00.000Z', job: 'job', state: 'running', member: worker.member.memberId },
  });
});

const drainOf = (hostId: string) => `/api/v1/cluster/hosts/${encodeURIComponent(hostId)}/drain`;
const host = z.looseObject({
  hostId: z.string(),
  state: z.string(),
  runs: z.number(),
  draining: z.object({ since: z.string(), by: z.string().nullable(), runsUntil: z.string().nullable() }).nullable(),
});
const hostIn = (answer: Answer) => host.parse(answer.body);

/** As GET /cluster shows it, with the states of its members. */
async function shown(hostId: string) {
  const { body } = await api.get('/api/v1/cluster');
  const members = z.array(z.looseObject({ hostId: z.string(), state: z.string() }));
  const cluster = z.looseObject({ hosts: z.array(host), members }).parse(body);
  const found = cluster.hosts.find(one => one.hostId === hostId);
  return { ...found, members: cluster.members.filter(one => one.hostId === hostId).map(({ state }) => state) };
}

describe('POST …/drain', () => {
  it('answers who drains the host since when, how long runs may take, and how many there are; GET /cluster too', async () => {
    const answer = await api.post(drainOf('rack-1.example'), undefined, { token: api.tokens.operator });
    expect(answer.status).toBe(202);
    const drained = hostIn(answer);
    expect(drained).toMatchObject({ state: 'draining', runs: 1, draining: { by: 'operator' } });
    const { since, runsUntil } = drained.draining ?? { since: '', runsUntil: '' };
    expect(Date.parse(runsUntil ?? '') - Date.parse(since)).toBe(600_000);
    const inCluster = await shown('rack-1.example');
    expect(inCluster).toMatchObject({ ...drained, members: ['draining', 'draining'] });
  });

  it('asked for again changes nothing, but the span where one is given', async () => {
    const first = hostIn(await api.post(drainOf('rack-1.example')));
    expect(hostIn(await api.post(drainOf('rack-1.example')))).toEqual(first);
    const hurried = hostIn(await api.post(drainOf('rack-1.example'), { limitMs: 0 }));
    expect(hurried.draining).toMatchObject({ since: first.draining?.since, by: first.draining?.by });
    expect(Date.parse(hurried.draining?.runsUntil ?? '')).toBeLessThan(Date.parse(first.draining?.runsUntil ?? ''));
  });

  it('of a host that nobody knows is 404 with near names', async () => {
    const answer = await api.post(drainOf('rack-2.example'));
    expect(problemOf(answer)).toMatchObject({ status: 404 });
    expect(problemOf(answer).detail).toBe('There is no host "rack-2.example". Did you mean rack-1.example?');
    expect((await api.delete(drainOf('rack-2.example'))).status).toBe(404);
  });

  it('takes no span that is none, and nothing that it does not know', async () => {
    for (const body of [{ limitMs: -1 }, { limitMs: 90_000_000 }, { limit: 1 }]) {
      expect((await api.post(drainOf('rack-1.example'), body)).status).toBe(422);
    }
  });

  it('needs an operator whose token is not limited to some jobs', async () => {
    expect((await api.post(drainOf('rack-1.example'), undefined, { token: api.tokens.viewer })).status).toBe(403);
    const made = await api.post('/api/v1/tokens', { name: 'shop', role: 'operator', jobs: ['shop-*'] });
    const { token } = z.looseObject({ token: z.string() }).parse(made.body);
    for (const method of ['POST', 'DELETE']) {
      expect((await api.call(method, drainOf('rack-1.example'), { token })).status).toBe(403);
    }
  });
});

describe('DELETE …/drain', () => {
  it('ends it, and is the same where there is none', async () => {
    await api.post(drainOf('rack-1.example'));
    for (let times = 0; times < 2; times += 1) {
      expect((await api.delete(drainOf('rack-1.example'))).status).toBe(204);
      expect(await shown('rack-1.example')).toMatchObject({ state: 'live', draining: null, members: ['live', 'live'] });
    }
  });

  it('is also of a host of which nothing else is left', async () => {
    await api.post(drainOf('rack-1.example'));
    await api.collection('members').deleteMany({ hostId: 'rack-1.example' });
    expect(await shown('rack-1.example')).toMatchObject({ state: 'dead', draining: { by: 'admin' }, runs: 0 });
    expect((await api.delete(drainOf('rack-1.example'))).status).toBe(204);
    expect((await api.delete(drainOf('rack-1.example'))).status).toBe(404);
  });
});
