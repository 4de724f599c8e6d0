import { expect, it } from 'vitest';
import { type Drain, Drains } from '../../../app/repository/drains';
import { HostDrain } from '../../../app/service/hostDrain';
import { useDatabase } from '../../support/database';
import { RecordedLog } from '../../support/log';
import { memberOf } from '../../support/members';

const { database } = useDatabase();
const drains = new Drains(database);

function watching(hostId: string, source: Pick<Drains, 'of'> = drains) {
  const { member } = memberOf(database, { hostId });
  const seen: string[] = [];
  const told = { drained: ({ askedBy }: Drain) => seen.push(`drained by ${askedBy}`), ended: () => seen.push('ended') };
  const watch = new HostDrain({ drains: source, member, sweepMs: 60_000, log: new RecordedLog(), ...told });
  return { watch, member, seen };
}

it('lets its member take nothing from the first look on that finds its host drained, and again once that is over', async () => {
  const { watch, member, seen } = watching('a');
  await drains.ask('b', 'ops', { givenMs: null, defaultMs: 1000 });
  await watch.look();
  expect(member.draining).toBe(false);
  await drains.ask('a', 'ops', { givenMs: null, defaultMs: 1000 });
  await watch.look();
  expect(member.draining).toBe(true);
  await watch.look();
  await drains.end('a');
  await watch.look();
  await watch.look();
  expect(member.draining).toBe(false);
  expect(seen).toEqual(['drained by ops', 'drained by ops', 'ended']);
});

it('keeps to what it saw last while MongoDB does not answer', async () => {
  let away = false;
  const of = async (hostId: string) => {
    if (away) throw new Error('away');
    return await drains.of(hostId);
  };
  const { watch, member } = watching('c', { of });
  await drains.ask('c', 'ops', { givenMs: null, defaultMs: 1000 });
  await watch.look();
  away = true;
  await expect(watch.look()).rejects.toThrow('away');
  expect(member.draining).toBe(true);
});

it('says of a process that ends what a drain says of its host, and an end of the drain does not bring it back', async () => {
  const { watch, member } = watching('d');
  await member.drain(1000);
  await watch.look();
  expect(member.draining).toBe(true);
});
