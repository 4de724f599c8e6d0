import type { Random } from './random';

/** Something that breaks, and for how long; times in virtual ms. */
export type Gust = { at: number; forMs: number } & Trouble;

type Trouble =
  | { type: 'killWorker' | 'killAgent' | 'pauseAgent' | 'pauseWorker'; host: number }
  | { type: 'pauseHost' | 'freezeHost' | 'cutHost' | 'rollHost'; host: number }
  | { type: 'crashHost'; host: number; reboot: boolean }
  | { type: 'farHost'; host: number; wayMs: number }
  | { type: 'stepClock'; host: number; byMs: number }
  | { type: 'stepDatabaseClock'; byMs: number }
  | { type: 'databaseDown' | 'election' }
  | { type: 'lossyNetwork'; lostBefore: number; lostAfter: number; wayMs: number }
  | { type: 'lossyIpc'; lost: number; twice: number; usualMs: number }
  | { type: 'badRemotes'; busy: number; refusedConnection: number; cutOff: number; silent: number; failing: number };

export interface Climate {
  hostCount: number;
  workers: number;
  from: number;
  until: number;
  leaseMs: number;
  /** Everything is down for longer than the grace span. */
  isLong: boolean;
}

/** What breaks in a world: a few things, each of which has ended when the calm begins. */
export function weatherOf(random: Random, climate: Climate): Gust[] {
  const { from, until, isLong } = climate;
  if (!isLong && random.chance(0.15)) return freshMembers(random, climate);
  const gusts: Gust[] = [];
  if (isLong)
    gusts.push({ type: 'databaseDown', at: from + random.between(0, 1500), forMs: random.between(16_500, 19_000) });
  const count = isLong ? 1 + random.int(2) : 1 + random.int(6);
  for (let index = 0; index < count; index += 1) {
    const trouble = troubleOf(random, climate);
    const wished =
      pauses.includes(trouble.type) && random.chance(0.6) ? beyondLease(random, climate) : random.between(200, 5000);
    const forMs = Math.min(wished, until - from - 300);
    gusts.push({ at: random.between(from, until - forMs - 200), forMs, ...trouble });
  }
  if (random.chance(0.5)) gusts.push({ at: from, forMs: until - from, ...lossy(random) });
  if (random.chance(0.4)) gusts.push({ at: from, forMs: until - from, ...badRemotes(random) });
  return gusts.sort((a, b) => a.at - b.at);
}

/**
 * One host's workers die again and again, while another host's way to MongoDB is long: what that one reads in two steps
 * is of two times, and members have come between them.
 */
function freshMembers(random: Random, { hostCount, from, until }: Climate): Gust[] {
  const host = random.int(hostCount);
  const far = (host + 1) % hostCount;
  const gusts: Gust[] = [
    { type: 'farHost', host: far, wayMs: random.between(120, 280), at: from, forMs: until - from },
  ];
  for (let at = from; at < until - 1200; at += random.between(1400, 2000)) {
    gusts.push({ type: 'killWorker', host, at, forMs: 200 });
  }
  return gusts;
}

/** Who stands still for longer than its lease comes back when others do its work. */
const pauses: readonly Trouble['type'][] = ['pauseWorker', 'pauseHost', 'freezeHost', 'cutHost'];

function beyondLease(random: Random, { leaseMs }: Climate): number {
  return leaseMs + random.between(600, 3500);
}

function troubleOf(random: Random, { hostCount }: Climate): Trouble {
  const host = random.int(hostCount);
  switch (random.int(14)) {
    case 0:
      return { type: 'killWorker', host };
    case 1:
      return { type: 'killAgent', host };
    case 2:
    case 3:
      return { type: 'pauseWorker', host };
    case 4:
      return { type: random.chance(0.5) ? 'pauseAgent' : 'pauseWorker', host };
    case 5:
      return { type: 'pauseHost', host };
    case 6:
      return { type: 'freezeHost', host };
    case 7:
      return { type: 'crashHost', host, reboot: random.chance(0.5) };
    case 8:
      return { type: 'cutHost', host };
    case 9:
      return { type: 'rollHost', host };
    case 10:
      return { type: 'stepClock', host, byMs: random.pick([-1, 1]) * random.pick([300, 900, 3000, 90_000]) };
    case 11:
      return { type: 'stepDatabaseClock', byMs: random.pick([-1, 1]) * random.pick([200, 700, 2500]) };
    case 12:
      return { type: 'databaseDown' };
    default:
      return { type: 'election' };
  }
}

function lossy(random: Random): Trouble {
  if (random.chance(0.3)) return { type: 'lossyIpc', lost: 0.2, twice: 0.2, usualMs: random.pick([1, 60, 300]) };
  const share = random.pick([0.005, 0.02, 0.06]);
  return { type: 'lossyNetwork', lostBefore: share, lostAfter: share, wayMs: random.pick([0.5, 3, 25]) };
}

function badRemotes(random: Random): Trouble {
  const share = () => (random.chance(0.5) ? random.between(0, 0.15) : 0);
  return {
    type: 'badRemotes',
    ...{ busy: share(), refusedConnection: share(), cutOff: share(), silent: share() },
    failing: random.pick([0, 0.1, 0.3]),
  };
}
