import { beforeEach, describe, expect, it } from 'vitest';
import type { Trouble } from '../../../app/domain/selfWatch/types';
import { SelfAlerts } from '../../../app/repository/selfAlerts';
import { useDatabase } from '../../support/database';

const { database } = useDatabase();
const alerts = new SelfAlerts(database);
const key = 'hostLost:b';
const now = () => new Date();

function trouble(over: Partial<Trouble> = {}): Trouble {
  const title = 'host b is lost';
  return {
    kind: 'hostLost',
    subject: 'b',
    title,
    sentence: 'It costs $1.',
    since: new Date(Date.now() - 9000),
    ...over,
  };
}

beforeEach(async () => {
  await database.db.collection('selfAlerts').deleteMany({});
});

describe('a trouble that several hosts see', () => {
  it('is claimed by one of them, however many open it at once', async () => {
    await Promise.all(Array.from({ length: 8 }, () => alerts.open(trouble(), now())));
    const claims = await Promise.all(Array.from({ length: 8 }, () => alerts.claim(key, 'open')));
    expect(claims.filter(claim => claim !== null)).toHaveLength(1);
  });

  it('is not claimed again before its repetition once it was told', async () => {
    await alerts.open(trouble(), now());
    await alerts.claim(key, 'open');
    await alerts.told(key);
    expect(await alerts.claim(key, 'open')).toBeNull();
    const [stored] = await alerts.all();
    expect(stored).toMatchObject({ told: 1, sentence: 'It costs $1.' });
    const hours = ((stored?.nextAt.getTime() ?? 0) - Date.now()) / 3_600_000;
    expect(hours).toBeGreaterThan(0.99);
    expect(hours).toBeLessThan(1.01);
  });

  it('may be told by any host after a failed attempt', async () => {
    await alerts.open(trouble(), now());
    await alerts.claim(key, 'open');
    await alerts.notTold(key, 0);
    expect(await alerts.claim(key, 'open')).toMatchObject({ tries: 1, told: 0 });
  });

  it('leaves nothing when it ends before anyone was told', async () => {
    await alerts.open(trouble(), now());
    await alerts.end(key);
    expect(await alerts.all()).toEqual([]);
  });

  it('does not end while its first message is under way: what is told must be taken back too', async () => {
    await alerts.open(trouble(), now());
    await alerts.claim(key, 'open');
    await alerts.end(key);
    expect(await alerts.all()).toHaveLength(1);
    await alerts.told(key);
    await alerts.end(key);
    expect(await alerts.claim(key, 'ended')).toMatchObject({ told: 1 });
  });

  it('that is over is told by one, and gone', async () => {
    await alerts.open(trouble(), now());
    await alerts.claim(key, 'open');
    await alerts.told(key);
    await Promise.all([alerts.end(key), alerts.end(key)]);
    const claims = await Promise.all([alerts.claim(key, 'ended'), alerts.claim(key, 'ended')]);
    expect(claims.filter(claim => claim !== null)).toHaveLength(1);
    await alerts.close(key);
    expect(await alerts.all()).toEqual([]);
  });

  it('that returns before its end was told is open again, without a word', async () => {
    await alerts.open(trouble(), now());
    await alerts.claim(key, 'open');
    await alerts.told(key);
    await alerts.end(key);
    await alerts.open(trouble(), now());
    expect(await alerts.claim(key, 'ended')).toBeNull();
    expect(await alerts.claim(key, 'open')).toBeNull();
  });
});

describe("the end of MongoDB's absence", () => {
  const absence = (subject: string, agoMs: number) =>
    trouble({ kind: 'databaseAway', subject, since: new Date(Date.now() - agoMs) });
  const tellOnce = async () => {
    const claimed = await alerts.claim('databaseAway', 'ended');
    if (claimed !== null) await alerts.close('databaseAway');
    return claimed?.subject ?? null;
  };

  it('is told once, although each host told its beginning', async () => {
    await alerts.endAbsence(absence('a', 60_000), 1, now());
    await alerts.endAbsence(absence('b', 61_000), 1, now());
    expect(await tellOnce()).toBe('a');
    await alerts.endAbsence(absence('c', 62_000), 2, now());
    expect(await tellOnce()).toBeNull();
  });

  it('is told again after the next one', async () => {
    await alerts.endAbsence(absence('a', 60_000), 1, now());
    expect(await tellOnce()).toBe('a');
    await new Promise(resolve => setTimeout(resolve, 20));
    await alerts.endAbsence(absence('b', 0), 1, now());
    expect(await tellOnce()).toBe('b');
  });
});
