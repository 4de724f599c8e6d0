import type { Patch } from './bundle';
import type { Property } from './safety';

/** A mistake that the protocol must not have, put into the product's code: a simulation that bites finds each. */
export interface Variant {
  name: string;
  patches: Patch[];
  /** Seeds that found it last. */
  foundBy: number[];
  /** What it violates. */
  finds: Property[];
}

export const variants: readonly Variant[] = [
  {
    name: 'fence check removed',
    foundBy: [127, 381],
    finds: ['alertOfALiveRun', 'alertOfTheNewest'],
    patches: [
      {
        file: 'app/repository/conclude.ts',
        from: `const mine = { _id: id, fence, state: 'running' };`,
        to: `const mine = { _id: id, state: 'running' };`,
      },
    ],
  },
  {
    name: 'claim keyed by the clock',
    foundBy: [1, 2],
    finds: ['oneRunOfAnOccurrence'],
    patches: [
      {
        file: 'app/service/run/intake.ts',
        from: `    return {\n      id,\n`,
        to: `    return {\n      id: job + '@' + clock.now().toISOString(),\n`,
      },
    ],
  },
  {
    name: 'mute read from a cache',
    foundBy: [16, 50],
    finds: ['closedIsNotSent'],
    patches: [
      {
        file: 'app/service/delivery/muteGate.ts',
        from: `    return this.among(await this.mutes.active({ session, job: labels['job'] }), labels);`,
        to: `    const known = Reflect.get(this, 'known');
    const kept = known !== undefined && performance.now() - known.at < 2000 ? known.mutes : await this.mutes.active();
    if (kept !== known?.mutes) Reflect.set(this, 'known', { at: performance.now(), mutes: kept });
    return this.among(kept, labels);`,
      },
    ],
  },
  {
    name: "`startsAt` by a host's clock",
    foundBy: [35, 228],
    finds: ['closedIsNotSent'],
    patches: [{ file: 'app/repository/mutes.ts', from: `    startsAt: null,\n`, to: `    startsAt: new Date(),\n` }],
  },
  {
    name: 'alert written without comparing what was read',
    foundBy: [89, 90],
    finds: ['alertOfTheNewest'],
    patches: [
      {
        file: 'app/repository/conclude.ts',
        from: `const asRead = { _id, seq, closed, 'token.scheduledAt': token.scheduledAt, 'token.fence': token.fence };`,
        to: `const asRead = { _id };`,
      },
    ],
  },
  {
    name: 'take-over only at the moment of death',
    foundBy: [16, 18],
    finds: ['runningHasAnOwner', 'dueIsRecorded'],
    patches: [
      {
        file: 'app/service/run/lostRuns.ts',
        from: `    const dead = holders.filter(id => !live.has(id));`,
        to: `    const before = Reflect.get(this, 'before') ?? new Set<string>();
    Reflect.set(this, 'before', live);
    const dead = holders.filter(id => !live.has(id) && before.has(id));`,
      },
    ],
  },
  {
    name: 'revision drawn outside the transaction',
    foundBy: [8, 18],
    finds: ['revisionsInOrder'],
    patches: [
      {
        file: 'app/repository/definitions.ts',
        from: `          { upsert: true, returnDocument: 'after', session },\n        );\n      const { value: revision, at }`,
        to: `          { upsert: true, returnDocument: 'after' },\n        );\n      const { value: revision, at }`,
      },
    ],
  },
  {
    name: 'death judged by a stored clock',
    foundBy: [1, 43],
    finds: ['deadByItsLease'],
    patches: [
      {
        file: 'app/timing/sweeper.ts',
        from: `    return now - Math.max(seen.since, unbrokenSince) >= Math.max(this.options.leaseMs, member.leaseMs);`,
        to: `    return Date.now() - member.lastSeenAt.getTime() >= Math.max(this.options.leaseMs, member.leaseMs);`,
      },
    ],
  },
  {
    name: 'alerts written apart from the run',
    foundBy: [137, 165],
    finds: ['alertOfALiveRun'],
    patches: [
      {
        file: 'app/repository/conclude.ts',
        from: `      await touchRun(database, session, run, change);
      if (alerts.length > 0) await applyAlerts(database, session, conclusion, alerts);
    });`,
        to: `      if (alerts.length > 0) await applyAlerts(database, session, conclusion, alerts);
    });
    await database.transaction(session => touchRun(database, session, run, change));`,
      },
    ],
  },
  {
    name: 'applied moved to the highest revision met',
    foundBy: [9, 20],
    finds: ['newestInForce'],
    patches: [
      {
        file: 'app/cluster/definitionFeed.ts',
        from: `      if (change.revision === this.applied + 1) await this.advance(change.revision);
      else if (change.revision > this.applied) await this.catchUp();`,
        to: `      if (change.revision > this.applied) await this.advance(change.revision);`,
      },
    ],
  },
  {
    name: 'members read before runs at take-over',
    foundBy: [72, 254],
    finds: ['takenFromTheDead'],
    patches: [
      {
        file: 'app/service/run/lostRuns.ts',
        from: `    const holders = (await owners.unfinishedMembers()).filter(id => id !== lease.memberId);
    if (holders.length === 0) return;`,
        to: `    const live = new Set((await members.live()).map(member => member._id));
    const holders = (await owners.unfinishedMembers()).filter(id => id !== lease.memberId);
    if (holders.length === 0) return;`,
      },
      {
        file: 'app/service/run/lostRuns.ts',
        from: `    const live = await members.liveOf(holders);\n`,
        to: ``,
      },
    ],
  },
  {
    name: 'end of a mute as an edge',
    foundBy: [691],
    finds: ['deliveriesSettled'],
    patches: [
      {
        file: 'app/service/delivery/muteEnd.ts',
        from: `    if (held.length === 0) return 0;`,
        to: `    const now = new Set(active.map(mute => mute._id));
    const before: string[] = Reflect.get(this, 'before') ?? [];
    Reflect.set(this, 'before', [...now]);
    const someEnded = before.some(id => !now.has(id));
    if (held.length === 0 || !someEnded) return 0;`,
      },
    ],
  },
];
