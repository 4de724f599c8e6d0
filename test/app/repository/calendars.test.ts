import { afterAll, expect, it } from 'vitest';
import { compileCalendar, dayRuleOf } from '../../../app/domain/calendar/compile';
import { Calendars } from '../../../app/repository/calendars';
import { Revisions } from '../../../app/repository/revisions';
import { composeApi } from '../../support/composeApi';
import { useDatabase } from '../../support/database';
import { smallJobBody, sourceBody } from '../../support/definitions';

const { database, url } = useDatabase();
const { definitions, close } = composeApi(url, { closeTokenInQuery: false });
afterAll(close);

const options = { by: 'test', precondition: { type: 'none' }, dryRun: false } as const;
const calendars = new Calendars(database);
const revisions = new Revisions(database);

it('calendars are read by name as they stand, deleted ones not', async () => {
  const { revision } = await definitions.calendars.put('cn', { kind: 'china' }, options);
  await definitions.calendars.put('gone', {}, options);
  await definitions.calendars.delete('gone', options);
  const found = await calendars.byNames(['cn', 'gone', 'never', 'cn']);
  const spec = { kind: 'china', zone: 'Asia/Shanghai', weekend: [6, 7], holidays: [], workdays: [] };
  expect([...found]).toEqual([['cn', { ...spec, name: 'cn', revision }]]);
  expect(await calendars.byNames([])).toEqual(new Map());
});

it('a read in the session of a write sees that write', async () => {
  const found = await database.causally(async session => await calendars.byNames(['cn'], session));
  const days = new Map([...found].map(([name, calendar]) => [name, compileCalendar(calendar)]));
  const rule = dayRuleOf({ name: 'cn', on: 'workdays', outside: 'next' }, days);
  expect(rule).toMatchObject({ on: 'workdays', outside: 'next', days: { zone: 'Asia/Shanghai' } });
});

it('a change of a calendar tells its name, and the jobs to plan anew', async () => {
  await definitions.sources.put('access-log', sourceBody, options);
  const calendar = { name: 'cn' };
  await definitions.jobs.put('daily', { ...smallJobBody, calendar }, options);
  await definitions.jobs.put('hourly', smallJobBody, options);
  await definitions.jobs.put('deleted', { ...smallJobBody, calendar }, options);
  await definitions.jobs.delete('deleted', options);
  const before = await revisions.current();
  await definitions.calendars.patch('cn', { weekend: [7] }, options);
  expect(await revisions.changedNames('calendar', before)).toEqual(['cn']);
  expect(await revisions.changedNames('job', before)).toEqual([]);
  expect(await calendars.jobsOf(['cn', 'gone'])).toEqual(['daily']);
  expect(await calendars.jobsOf([])).toEqual([]);
});
