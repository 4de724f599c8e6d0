import { describe, expect, it } from 'vitest';
import { type Answer, field, problemOf, useApi } from '../../support/api';

const api = useApi();
const file = (...lines: string[]) => `BEGIN:VCALENDAR\r\nVERSION:2.0\r\n${lines.join('\r\n')}\r\nEND:VCALENDAR\r\n`;
const event = (date: string, summary: string, ...more: string[]) =>
  ['BEGIN:VEVENT', `DTSTART;VALUE=DATE:${date}`, `SUMMARY:${summary}`, ...more, 'END:VEVENT'].join('\r\n');
const worked = 'X-APPLE-SPECIAL-DAY:ALTERNATE-WORKDAY';
const october = file(event('20261001', '国庆节', 'DURATION:P2D'), event('20261010', '国庆节补班', worked));

const importText = (name: string, raw: string, query = '', headers = {}) =>
  api.call('POST', `/api/v1/calendars/${name}/import${query}`, { raw, type: 'text/calendar; charset=utf-8', headers });
const holidays = (answer: Answer) => field(answer, 'holidays');
const workdays = (answer: Answer) => field(answer, 'workdays');
const nationalDay = [
  { date: '2026-10-01', name: '国庆节' },
  { date: '2026-10-02', name: '国庆节' },
];

describe('POST /calendars/{name}/import', () => {
  it('takes a file as text, puts worked days where they belong and answers how many it added', async () => {
    const made = await api.put('/api/v1/calendars/cn', { holidays: [{ date: '2026-10-02', name: 'old' }] });
    const answer = await importText('cn', october);
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ added: 2, holidays: nationalDay, knownUntil: '2026-12-31' });
    expect(workdays(answer)).toEqual([{ date: '2026-10-10', name: '国庆节补班' }]);
    expect(Number(field(answer, 'revision'))).toBeGreaterThan(Number(field(made, 'revision')));
    const again = await importText('cn', october);
    expect([field(again, 'added'), field(again, 'revision')]).toEqual([0, field(answer, 'revision')]);
    expect(holidays(await api.get('/api/v1/calendars/cn'))).toEqual(nationalDay);
  });

  it('takes it in JSON, all of it as what is asked', async () => {
    await api.put('/api/v1/calendars/json', {});
    const text = file(event('20261003', 'a'), event('20261010', 'b', worked), event('20261003', 'c'));
    const answer = await api.post('/api/v1/calendars/json/import', { ical: text, as: 'workdays' });
    expect(workdays(answer)).toEqual([
      { date: '2026-10-03', name: 'a / c' },
      { date: '2026-10-10', name: 'b' },
    ]);
    expect([holidays(answer), field(answer, 'added')]).toEqual([[], 2]);
  });

  it('replaces what is there where that is asked: one list, or both', async () => {
    const body = { holidays: [{ date: '2020-01-01' }], workdays: [{ date: '2020-01-05' }] };
    await api.put('/api/v1/calendars/replaced', body);
    const one = await importText('replaced', file(event('20261001', 'x')), '?as=holidays&replace=true');
    expect(holidays(one)).toEqual([{ date: '2026-10-01', name: 'x' }]);
    expect(workdays(one)).toEqual([{ date: '2020-01-05', name: '' }]);
    const both = await importText('replaced', october, '?replace=true');
    expect(holidays(both)).toEqual(nationalDay);
    expect(workdays(both)).toEqual([{ date: '2026-10-10', name: '国庆节补班' }]);
  });

  it('takes everything or nothing, and says what is wrong', async () => {
    const made = await api.put('/api/v1/calendars/whole', { workdays: [{ date: '2026-10-01' }] });
    const faults = async (raw: string) => problemOf(await importText('whole', raw)).errors;
    expect(await faults(october)).toEqual([
      { path: 'ical', message: expect.stringContaining('2026-10-01 would be both') },
    ]);
    const timed = file(
      event('20261003', 'fine'),
      'BEGIN:VEVENT\r\nSUMMARY:no\r\nDTSTART:20261001T090000\r\nEND:VEVENT',
    );
    expect(await faults(timed)).toEqual([
      { path: 'ical', message: expect.stringContaining('"no" is not an all-day event') },
    ]);
    expect((await faults('not a calendar'))[0]?.message).toContain('cannot be read');
    expect((await api.get('/api/v1/calendars/whole')).body).toEqual(made.body);
  });

  it('minds dryRun, If-Match and the name', async () => {
    const made = await api.put('/api/v1/calendars/minded', {});
    const dry = await importText('minded', october, '?dryRun=true');
    expect(field(dry, 'added')).toBe(3);
    expect((await api.get('/api/v1/calendars/minded')).body).toEqual(made.body);
    expect((await importText('minded', october, '', { 'if-match': '"1"' })).status).toBe(412);
    expect((await importText('nobody', october)).status).toBe(404);
  });

  it('refuses other forms and more than 1 MiB', async () => {
    const send = (raw: string, type: string) => api.call('POST', '/api/v1/calendars/cn/import', { raw, type });
    expect((await send(october, 'text/plain')).status).toBe(415);
    expect((await send(october, 'application/json')).status).toBe(400);
    expect((await send('{"ical": 5, "is": "holidays"}', 'application/json')).status).toBe(422);
    expect((await send('', 'text/calendar')).status).toBe(422);
    expect((await send('x'.repeat(1024 * 1024 + 1), 'text/calendar')).status).toBe(413);
    expect((await importText('cn', october, '?as=both')).status).toBe(422);
    expect((await api.call('PUT', '/api/v1/calendars/cn', { raw: october, type: 'text/calendar' })).status).toBe(415);
  });
});
