import { describe, expect, it } from 'vitest';
import { calendarOf, previewOf } from './support';

const newYork = { zone: 'America/New_York' };

describe('the fires of a preview', () => {
  it('show local time, offset and what a change of the clocks does', () => {
    const { fires, zone } = previewOf('30 2 * * *', '2027-03-13T12:00:00Z', { ...newYork, count: 2 });
    expect(zone).toBe('America/New_York');
    expect(fires).toEqual([
      {
        at: new Date('2027-03-14T07:00:00Z'),
        local: '2027-03-14T03:00:00',
        offset: '-04:00',
        keptBack: false,
        note: 'shifted: 02:30 does not exist',
      },
      {
        at: new Date('2027-03-15T06:30:00Z'),
        local: '2027-03-15T02:30:00',
        offset: '-04:00',
        keptBack: false,
        note: null,
      },
    ]);
  });

  it('begin with the instant that is asked for', () => {
    expect(previewOf('0 * * * *', '2026-11-21T10:00:00Z', { count: 1 }).fires[0]?.local).toBe('2026-11-21T10:00:00');
  });

  it('of a span and of a single time are told in UTC', () => {
    const every = previewOf({ everyMs: 1500, anchorAt: new Date(0) }, '2026-11-21T10:00:00Z', { count: 2 });
    expect(every.fires.map(fire => `${fire.local}${fire.offset}`)).toEqual([
      '2026-11-21T10:00:00+00:00',
      '2026-11-21T10:00:01.500+00:00',
    ]);
    expect(every.zone).toBe('UTC');
    expect(previewOf({ at: new Date('9999-01-01T00:00:00Z') }, '2026-11-21T10:00:00Z').fires).toHaveLength(1);
  });

  it('end 50 years after the first', () => {
    const { fires } = previewOf('0 0 29 2 *', '2026-11-21T10:00:00Z', { count: 500 });
    expect(fires.map(fire => fire.local).at(-1)).toBe('2076-02-29T00:00:00');
    expect(fires).toHaveLength(13);
  });

  it('that a calendar keeps back are shown as such', () => {
    const calendar = calendarOf({}, { holidays: [{ date: '2026-11-23', name: 'Founding day' }] });
    const { fires } = previewOf('0 9 * * *', '2026-11-20T00:00:00Z', { ...calendar, count: 5 });
    expect(fires.map(fire => fire.keptBack)).toEqual([false, true, true, true, false]);
    expect(fires[3]?.note).toContain('Founding day');
  });
});

describe('the sentence of a preview', () => {
  const from = '2026-11-21T10:00:00Z';

  it('says the zone', () => {
    expect(previewOf('30 2 * * *', from, { zone: 'Asia/Shanghai' }).description).toEqual({
      en: 'At 02:30, Asia/Shanghai',
      zh: '在 02:30, Asia/Shanghai',
    });
  });

  it('says spans and single times', () => {
    expect(previewOf({ everyMs: 90_000, anchorAt: new Date(0) }, from).description).toEqual({
      en: 'Every 1 minute 30 seconds, counted from 1970-01-01T00:00:00Z',
      zh: '每隔 1 分钟 30 秒, 自 1970-01-01T00:00:00Z 起算',
    });
    expect(previewOf({ at: new Date('2027-01-01T00:00:00Z') }, from).description).toEqual({
      en: 'Once, at 2027-01-01T00:00:00Z',
      zh: '仅一次, 在 2027-01-01T00:00:00Z',
    });
  });

  it('says calendar, bounds and jitter', () => {
    const bounds = { startAt: new Date('2027-01-01T00:00:00Z'), endAt: new Date('2028-01-01T00:00:00Z') };
    const { description } = previewOf('0 9 * * *', from, {
      ...calendarOf({ outside: 'next' }),
      bounds,
      jitterMs: 30_000,
    });
    expect(description.en).toBe(
      'At 09:00, UTC, moved to the next workday of the calendar "team" where the day is none, ' +
        'from 2027-01-01T00:00:00Z on, before 2028-01-01T00:00:00Z, each up to 30 seconds later (jitterMs)',
    );
    expect(description.zh).toContain('若当天不是日历 "team" 的工作日则移至下一个工作日');
    expect(previewOf('0 9 * * *', from, calendarOf({ on: 'holidays' })).description.zh).toContain(
      '仅限日历 "team" 的休息日',
    );
  });
});

describe('a preview', () => {
  it('costs next to nothing, however often the schedule fires', () => {
    const ask = () => previewOf('* * * * * *', '2026-11-21T10:00:00Z', { ...newYork, count: 500, ...calendarOf({}) });
    ask();
    const startedAt = performance.now();
    expect(ask().fires).toHaveLength(500);
    expect(performance.now() - startedAt).toBeLessThan(100);
  });
});
