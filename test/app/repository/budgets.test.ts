import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Budgets } from '../../../app/repository/budgets';
import { useDatabase } from '../../support/database';

const { database } = useDatabase();
const budgets = new Budgets(database);
const minute = { limit: 20, windowMs: 60_000 };

describe('the budget of a robot', () => {
  it('gives out its places and then says when the next is free', async () => {
    const robot = { key: 'few', limit: 2, windowMs: 60_000 };
    expect(await budgets.take(robot, ['a'])).toEqual({ granted: true });
    expect(await budgets.take(robot, ['b'])).toEqual({ granted: true });
    const refused = await budgets.take(robot, ['c']);
    expect(refused).toMatchObject({ granted: false });
    if (!refused.granted) expect(refused.retryAfterMs).toBeGreaterThan(55_000);
  });

  it('gives one place for one id, however often it is asked', async () => {
    const robot = { key: 'again', limit: 1, windowMs: 60_000 };
    const answers = await Promise.all(Array.from({ length: 5 }, () => budgets.take(robot, ['a'])));
    expect(answers).toEqual(Array(5).fill({ granted: true }));
    expect(await budgets.take(robot, ['b'])).toMatchObject({ granted: false });
  });

  it('takes the places of all parts or none', async () => {
    const robot = { key: 'parts', limit: 3, windowMs: 60_000 };
    await budgets.take(robot, ['a', 'b']);
    expect(await budgets.take(robot, ['c/0', 'c/1'])).toMatchObject({ granted: false });
    expect(await budgets.take(robot, ['d'])).toEqual({ granted: true });
  });

  it('gives an unused place to another', async () => {
    const robot = { key: 'back', limit: 1, windowMs: 60_000 };
    await budgets.take(robot, ['a']);
    await budgets.giveBack('back', ['a']);
    expect(await budgets.take(robot, ['b'])).toEqual({ granted: true });
  });

  it('gives nothing while the robot is held', async () => {
    const robot = { key: 'held', ...minute };
    await budgets.hold('held', 400);
    expect(await budgets.take(robot, ['a'])).toMatchObject({ granted: false });
    await sleep(450);
    expect(await budgets.take(robot, ['a'])).toEqual({ granted: true });
  });

  it('counts a place from when the remote was done with it', async () => {
    const robot = { key: 'slow', limit: 1, windowMs: 600 };
    await budgets.take(robot, ['a']);
    await sleep(400);
    await budgets.used('slow', ['a']);
    await sleep(300);
    expect(await budgets.take(robot, ['b'])).toMatchObject({ granted: false });
  });

  it('never gives 8 parallel takers more than 20 in any sliding window', async () => {
    const robot = { key: 'shared', limit: 20, windowMs: 1200 };
    const endsAt = performance.now() + 4000;
    await Promise.all(
      Array.from({ length: 8 }, async (_, taker) => {
        for (let turn = 0; performance.now() < endsAt; turn += 1) {
          const taken = await budgets.take(robot, [`${taker}.${turn}`]);
          if (taken.granted) grants.push(performance.now());
          await sleep(5);
        }
      }),
    );
    expect(grants.length).toBeGreaterThan(40);
    grants.sort((a, b) => a - b);
    const spans = grants.slice(20).map((at, index) => at - (grants[index] ?? 0));
    // Grants are seen when the answer arrives: that moves each by less than the slack.
    expect(Math.min(...spans)).toBeGreaterThan(robot.windowMs - 150);
    expect(
      (await database.db.collection<{ _id: string; places: unknown[] }>('budgets').findOne({ _id: 'shared' }))?.places
        .length,
    ).toBeLessThanOrEqual(20);
  });
});

const grants: number[] = [];
