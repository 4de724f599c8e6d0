import { beforeAll, describe, expect, it } from 'vitest';
import { type Answer, field, itemsOf, problemOf, useApi } from '../../support/api';
import { defineRemotes, smallJobBody } from '../../support/definitions';

const api = useApi();
beforeAll(() => defineRemotes(api));

const calendar = {
  kind: 'dates',
  zone: 'Asia/Tokyo',
  weekend: [6, 7],
  holidays: [{ date: '2026-11-23', name: '勤労感謝の日' }],
  workdays: [{ date: '2026-11-28', name: 'make-up' }],
};
const url = (name: string) => `/api/v1/calendars/${name}`;
const revisionOf = (answer: Answer) => Number(field(answer, 'revision'));
const faultsOf = (answer: Answer) => problemOf(answer).errors.map(error => error.path);
const jobWith = (name: string, over = {}) => ({ ...smallJobBody, calendar: { name, ...over } });

describe('a calendar', () => {
  it('is made, answered, replaced and listed as other definitions are', async () => {
    const made = await api.put(url('tokyo'), calendar);
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({ name: 'tokyo', ...calendar, knownUntil: '2026-12-31', updatedBy: 'admin' });
    expect(made.headers.get('etag')).toBe(`"${revisionOf(made)}"`);
    const read = await api.get(url('tokyo'));
    expect(read.body).toEqual(made.body);
    const again = await api.put(url('tokyo'), read.body);
    expect([again.status, revisionOf(again)]).toEqual([200, revisionOf(made)]);
    expect(itemsOf(await api.get('/api/v1/calendars?kind=dates')).map(item => item['name'])).toContain('tokyo');
    expect(itemsOf(await api.get('/api/v1/calendars?kind=china'))).toEqual([]);
    expect(api.watchbell.announced).toContain(`calendar:tokyo@${revisionOf(made)}`);
  });

  it('has the zone of the server and Saturday and Sunday where nothing else is said', async () => {
    const answer = await api.put(url('empty'), {});
    expect(answer.body).toMatchObject({ kind: 'dates', zone: 'Asia/Shanghai', weekend: [6, 7], knownUntil: null });
    expect(field(answer, 'warning')).toBeNull();
  });

  it('keeps its dates in order, so that another order is no change', async () => {
    const dates = ['2026-05-05', '2026-01-01', '2026-03-01'].map(date => ({ date, name: '' }));
    const first = await api.put(url('ordered'), { holidays: dates, weekend: [7, 5] });
    expect(field(first, 'holidays')).toEqual([dates[1], dates[2], dates[0]]);
    expect(field(first, 'weekend')).toEqual([5, 7]);
    const second = await api.put(url('ordered'), { holidays: dates.reverse(), weekend: [5, 7] });
    expect(revisionOf(second)).toBe(revisionOf(first));
  });

  it('is changed by a merge patch, with If-Match, and not at all with dryRun', async () => {
    const made = await api.put(url('patched'), calendar);
    const dry = await api.patch(`${url('patched')}?dryRun=true`, { weekend: [7] });
    expect([dry.status, field(dry, 'weekend')]).toEqual([200, [7]]);
    const headers = { 'if-match': `"${revisionOf(made)}"` };
    const changed = await api.patch(url('patched'), { weekend: [7], workdays: null }, { headers });
    expect(changed.body).toMatchObject({ weekend: [7], workdays: [], holidays: calendar.holidays });
    expect((await api.patch(url('patched'), { weekend: [6] }, { headers })).status).toBe(412);
    expect((await api.patch(url('not-there'), {})).status).toBe(404);
  });

  it('waits until it is in force where that is asked', async () => {
    const answer = await api.put(`${url('waited')}?wait=converged&timeoutMs=100`, calendar);
    expect(field(answer, 'converged')).toHaveProperty('applied');
  });

  it('is refused with every fault at once', async () => {
    const answer = await api.put(url('wrong'), {
      kind: 'dates',
      zone: 'Mars/Olympus',
      weekend: [0, 6, 6],
      holidays: [
        { date: '2026-02-30', name: 'x' },
        { date: '2026-01-01' },
        { date: '2026-01-01' },
        { date: '1.1.2026', nam: '' },
      ],
      workdays: [{ date: '2026-01-01' }],
      holiday: [],
    });
    expect(answer.status).toBe(422);
    expect(faultsOf(answer).sort()).toEqual([
      'holiday',
      'holidays.0.date',
      'holidays.2.date',
      'holidays.3.date',
      'holidays.3.nam',
      'weekend',
      'weekend.0',
      'workdays.0.date',
      'zone',
    ]);
    expect(problemOf(answer).errors.find(({ path }) => path === 'workdays.0.date')?.message).toContain('both');
    expect((await api.put(url('wrong'), { kind: 'mars' })).status).toBe(422);
    expect((await api.get(url('wrong'))).status).toBe(404);
  });

  it('has at most 5,000 dates', async () => {
    const dates = (count: number, from: string) =>
      Array.from({ length: count }, (_, day) => ({
        date: new Date(Date.parse(from) + day * 86_400_000).toISOString().slice(0, 10),
      }));
    const most = { holidays: dates(2500, '2000-01-01'), workdays: dates(2500, '2020-01-01') };
    expect((await api.put(url('most'), most)).status).toBe(201);
    const more = { ...most, workdays: dates(2501, '2020-01-01') };
    expect(problemOf(await api.put(url('more'), more)).errors[0]?.message).toContain('at most 5000');
    expect((await api.put(url('more'), { holidays: dates(5001, '2000-01-01') })).status).toBe(422);
  });

  it('is written by operators whose token is not limited to some jobs', async () => {
    expect((await api.put(url('role'), calendar, { token: api.tokens.viewer })).status).toBe(403);
    expect((await api.put(url('role'), calendar, { token: api.tokens.operator })).status).toBe(201);
    const limited = await api.post('/api/v1/tokens', { name: 'shop', role: 'operator', jobs: ['shop-*'] });
    const token = String(field(limited, 'token'));
    expect((await api.put(url('role'), {}, { token })).status).toBe(403);
    const raw = 'BEGIN:VCALENDAR\r\nEND:VCALENDAR';
    expect((await api.post(`${url('role')}/import`, undefined, { token, raw, type: 'text/calendar' })).status).toBe(
      403,
    );
  });
});

describe('the calendar of China', () => {
  it('says up to when it knows, and keeps only the own dates in its body', async () => {
    const answer = await api.put(url('cn'), { kind: 'china' });
    expect(answer.body).toMatchObject({ zone: 'Asia/Shanghai', holidays: [], workdays: [], knownUntil: '2026-12-31' });
    const own = await api.patch(url('cn'), { holidays: [{ date: '2027-01-01', name: '元旦' }] });
    expect(field(own, 'knownUntil')).toBe('2027-12-31');
  });
});

describe('a calendar that ends', () => {
  it('warns of it, in words that name the year', async () => {
    const past = await api.put(url('past'), { holidays: [{ date: '2020-01-01' }] });
    expect(field(past, 'warning')).toMatch(/^no data for 2021: from 2021-01-01 on only the weekend is known/);
    expect((await api.put(url('past'), past.body)).status).toBe(200);
    const far = await api.put(url('far'), { holidays: [{ date: '2190-01-01' }] });
    expect(field(far, 'warning')).toBeNull();
  });
});

describe('a job and its calendar', () => {
  it('a job names a calendar that exists, and shows what it makes of it', async () => {
    await api.put(url('used'), calendar);
    const answer = await api.put('/api/v1/jobs/with-calendar', jobWith('used'));
    expect(answer.status).toBe(201);
    expect(field(answer, 'calendar')).toEqual({ name: 'used', on: 'workdays', outside: 'skip' });
    expect(itemsOf(await api.get('/api/v1/jobs?calendar=used')).map(job => job['name'])).toEqual(['with-calendar']);
    expect((await api.collection('jobs').findOne({ _id: 'with-calendar' }))?.['calendars']).toEqual(['used']);
  });

  it('an unknown calendar is a fault of the job, said with the others', async () => {
    const wrong = await api.put('/api/v1/jobs/wrong', { ...jobWith('nope'), timeoutMs: 1 });
    expect(faultsOf(wrong).sort()).toEqual(['calendar.name', 'timeoutMs']);
    const values = await api.put('/api/v1/jobs/wrong', jobWith('used', { on: 'sundays', outside: 'later', day: 1 }));
    expect(faultsOf(values).sort()).toEqual(['calendar.day', 'calendar.on', 'calendar.outside']);
  });

  it('a calendar in use cannot be deleted, and says by whom; afterwards it can', async () => {
    const refused = await api.delete(url('used'));
    expect(refused.status).toBe(409);
    expect(faultsOf(refused)).toEqual(['jobs.with-calendar']);
    const planned = field(await api.get('/api/v1/jobs/with-calendar'), 'plannedFromAt');
    const freed = await api.patch('/api/v1/jobs/with-calendar', { calendar: null });
    expect(field(freed, 'calendar')).toBeNull();
    expect(field(freed, 'plannedFromAt')).not.toBe(planned);
    expect((await api.delete(url('used'))).status).toBe(204);
    expect((await api.get(url('used'))).status).toBe(404);
    expect((await api.delete(url('used'))).status).toBe(404);
    expect((await api.put('/api/v1/jobs/with-calendar', jobWith('used'))).status).toBe(422);
    const anew = await api.put(url('used'), calendar);
    expect(anew.status).toBe(201);
  });

  it('of a job that takes a calendar and a delete of it, one wins', async () => {
    for (let round = 0; round < 5; round++) {
      const name = `raced-${round}`;
      await api.put(url(name), calendar);
      const [job, removal] = await Promise.all([api.put(`/api/v1/jobs/${name}`, jobWith(name)), api.delete(url(name))]);
      expect([
        [201, 409],
        [422, 204],
      ]).toContainEqual([job.status, removal.status]);
    }
  });
});
