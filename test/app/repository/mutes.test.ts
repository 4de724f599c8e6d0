import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ValidationError } from '../../../app/domain/errors';
import type { Matcher } from '../../../app/domain/mute/match';
import { Mutes } from '../../../app/repository/mutes';
import { useDatabase } from '../../support/database';

const { database } = useDatabase();
const mutes = new Mutes(database);
const matchers: Matcher[] = [{ label: 'note', op: '=~', value: '$x|y' }];
const base = { matchers, startsAt: null, note: '$NOW is not a variable' };

async function activeIds(job?: string): Promise<string[]> {
  return (await mutes.active({ job })).map(mute => mute._id);
}

describe('creating a mute', () => {
  it("ends a span after MongoDB's now and keeps its texts as they are", async () => {
    const mute = await mutes.create({ ...base, end: { forMs: 60_000 } }, '$by');
    expect(mute).toMatchObject({ matchers, note: base.note, createdBy: '$by', startsAt: null, ended: false });
    expect((mute.endsAt?.getTime() ?? 0) - mute.createdAt.getTime()).toBe(60_000);
    expect((mute.expireAt?.getTime() ?? 0) - (mute.endsAt?.getTime() ?? 0)).toBe(90 * 86_400_000);
    expect(await activeIds()).toContain(mute._id);
  });

  it('refuses an end that has passed and stores nothing', async () => {
    const before = await mutes.list({ limit: 100 });
    const passed = mutes.create({ ...base, end: { until: new Date(Date.now() - 1000) } }, 'me');
    await expect(passed).rejects.toThrow(ValidationError);
    expect((await mutes.list({ limit: 100 })).items).toHaveLength(before.items.length);
  });

  it('is in force only between its start and its end', async () => {
    const startsAt = new Date(Date.now() + 400);
    const mute = await mutes.create({ ...base, startsAt, end: { forMs: 400 } }, 'me');
    expect(await activeIds()).not.toContain(mute._id);
    await sleep(500);
    expect(await activeIds()).toContain(mute._id);
    await sleep(400);
    expect(await activeIds()).not.toContain(mute._id);
  });

  it('never ends when asked for ever, until somebody ends it', async () => {
    const mute = await mutes.create({ ...base, end: { forever: true } }, 'me');
    expect(mute.endsAt).toBeNull();
    expect(mute.expireAt).toBeNull();
    expect(await mutes.end(mute._id, 'you')).toBe(true);
    expect(await mutes.end(mute._id, 'you')).toBe(true);
    expect(await mutes.end('unknown', 'you')).toBe(false);
    expect(await activeIds()).not.toContain(mute._id);
    const ended = (await mutes.list({ active: false, limit: 100 })).items.find(({ _id }) => _id === mute._id);
    expect(ended).toMatchObject({ ended: true, changedBy: 'you' });
    expect(ended?.expireAt).toBeInstanceOf(Date);
  });
});

describe('a host whose clock is wrong by a day', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  it.each([-1, 1])(
    '(%i d) neither moves the end of a mute nor its beginning, nor judges which are in force',
    async days => {
      const now = Date.now();
      const running = await mutes.create({ ...base, end: { forMs: 60_000 } }, 'others');
      const planned = await mutes.create(
        { ...base, startsAt: new Date(now + 60_000), end: { forMs: 60_000 } },
        'others',
      );
      vi.useFakeTimers({ toFake: ['Date'], now: now + days * 86_400_000 });
      const mute = await mutes.create({ ...base, end: { forMs: 60_000 } }, 'me');
      expect(mute.startsAt).toBeNull();
      expect(Math.abs((mute.endsAt?.getTime() ?? 0) - now - 60_000)).toBeLessThan(10_000);
      await mutes.close(['wrong-clock'], { forMs: 60_000 }, 'me');
      const active = await mutes.active({ job: 'wrong-clock' });
      expect(active.map(({ _id }) => _id)).toEqual(expect.arrayContaining([running._id, mute._id]));
      expect(active.map(({ _id }) => _id)).not.toContain(planned._id);
      const closed = active.find(({ closeName }) => closeName === 'wrong-clock');
      expect(closed?.startsAt).toBeNull();
      expect(Math.abs((closed?.endsAt?.getTime() ?? 0) - now - 60_000)).toBeLessThan(10_000);
      await mutes.open(['wrong-clock'], 'me');
      const listed = (await mutes.list({ limit: 100 })).items.find(({ _id }) => _id === closed?._id);
      expect(listed).toMatchObject({ ended: true, endsAt: closed?.endsAt });
    },
  );
});

describe('closing and opening by name', () => {
  it('keeps one mute per name, whose end the newest call sets', async () => {
    await mutes.close(['a', 'b'], { forMs: 3_600_000 }, 'first');
    const [before] = await mutes.active({ job: 'a' }).then(found => found.filter(mute => mute.closeName === 'a'));
    expect(await mutes.close(['a'], { forever: true }, 'second')).toBeNull();
    const after = (await mutes.active()).filter(mute => mute.closeName === 'a');
    expect(after).toHaveLength(1);
    expect(after[0]).toMatchObject({ _id: before?._id, endsAt: null, createdBy: 'first', changedBy: 'second' });
    expect(after[0]?.createdAt).toEqual(before?.createdAt);
  });

  it('counts a mute that has run out as new', async () => {
    await mutes.close(['short'], { forMs: 50 }, 'first');
    await sleep(100);
    await mutes.close(['short'], { forMs: 60_000 }, 'second');
    const [mute] = (await mutes.active()).filter(({ closeName }) => closeName === 'short');
    expect(mute).toMatchObject({ createdBy: 'second' });
  });

  it('changes no name where the end has passed', async () => {
    const passed = mutes.close(['never-a', 'never-b'], { until: new Date(Date.now() - 5000) }, 'me');
    await expect(passed).rejects.toThrow(ValidationError);
    expect((await mutes.active()).filter(mute => mute.closeName?.startsWith('never'))).toEqual([]);
  });

  it('leaves one mute after many calls at the same time', async () => {
    await Promise.all(
      Array.from({ length: 10 }, (_, n) => mutes.close(['busy', 'busy-too'], { forMs: 60_000 }, `${n}`)),
    );
    const closed = (await mutes.active()).filter(mute => mute.closeName?.startsWith('busy'));
    expect(closed.map(mute => mute.closeName).sort()).toEqual(['busy', 'busy-too']);
  });

  it('opens only what was closed by that name, and may close it again', async () => {
    const other = await mutes.create({ ...base, end: { forMs: 60_000 } }, 'me');
    await mutes.close(['once'], { forMs: 60_000 }, 'me');
    await mutes.open(['once', 'not-closed'], 'you');
    expect((await mutes.active()).filter(mute => mute.closeName === 'once')).toEqual([]);
    expect(await activeIds()).toContain(other._id);
    await mutes.close(['once'], { forMs: 60_000 }, 'me');
    expect((await mutes.active()).filter(mute => mute.closeName === 'once')).toHaveLength(1);
  });

  it('leaves out what was closed by other names when asked about one job', async () => {
    await mutes.close(['job-x', 'job-y'], { forMs: 60_000 }, 'me');
    const names = (await mutes.active({ job: 'job-x' })).flatMap(mute => mute.closeName ?? []);
    expect(names).toEqual(['job-x']);
  });
});

describe('listing mutes', () => {
  it('pages through all of them, newest first', async () => {
    const all = (await mutes.list({ limit: 500 })).items.map(mute => mute._id);
    const paged: string[] = [];
    let cursor: string | undefined;
    do {
      const found = await mutes.list({ limit: 2, cursor });
      paged.push(...found.items.map(mute => mute._id));
      cursor = found.nextCursor ?? undefined;
    } while (cursor !== undefined);
    expect(paged).toEqual(all);
  });

  it('refuses a cursor that is none', async () => {
    await expect(mutes.list({ limit: 2, cursor: 'x' })).rejects.toThrow(ValidationError);
  });
});
