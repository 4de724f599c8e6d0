import { Registry } from 'prom-client';
import { afterAll, expect, it } from 'vitest';
import { CalendarEnds } from '../../../app/cluster/calendarEnds';
import { Calendars } from '../../../app/repository/calendars';
import { Revisions } from '../../../app/repository/revisions';
import { composeApi } from '../../support/composeApi';
import { useDatabase } from '../../support/database';

const { database, url } = useDatabase();
const worker = composeApi(url, { closeTokenInQuery: false });
afterAll(() => worker.close());

const options = { by: 'test', precondition: { type: 'none' }, dryRun: false } as const;
const put = (name: string, year: number) =>
  worker.definitions.calendars.put(name, { holidays: [{ date: `${year}-01-01` }] }, options);

it('the days that each calendar has left are shown, and follow changes, deletions and time', async () => {
  let now = new Date('2026-12-01T12:00:00Z');
  const registry = new Registry();
  const revisions = new Revisions(database);
  const ends = new CalendarEnds(new Calendars(database), revisions, { now: () => now }, registry);
  const figures = async () => {
    const lines = (await registry.metrics()).split('\n');
    return lines.filter(line => line.startsWith('watchbell_calendar_days_left{')).sort();
  };
  await put('a', 2026);
  await put('b', 2025);
  await worker.definitions.calendars.put('without-dates', {}, options);
  await ends.loadAll();
  expect(await figures()).toEqual([
    'watchbell_calendar_days_left{calendar="a"} 30',
    'watchbell_calendar_days_left{calendar="b"} -335',
  ]);

  const before = await revisions.current();
  await put('a', 2027);
  await worker.definitions.calendars.delete('b', options);
  await ends.loadSince(before);
  now = new Date('2026-12-02T12:00:00Z');
  expect(await figures()).toEqual(['watchbell_calendar_days_left{calendar="a"} 394']);

  await put('c', 2026);
  await ends.loadOne('job', 'c');
  expect(await figures()).toHaveLength(1);
  await ends.loadOne('calendar', 'c');
  expect(await figures()).toHaveLength(2);
});
