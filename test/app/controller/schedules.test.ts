import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type Answer, problemOf, useApi } from '../../support/api';
import { defineRemotes, smallJobBody } from '../../support/definitions';

const api = useApi();
beforeAll(async () => {
  await defineRemotes(api);
  const holidays = [{ date: '2027-01-01', name: '元旦' }];
  const calendar = { zone: 'Asia/Shanghai', weekend: [6, 7], holidays, workdays: [] };
  const answer = await api.put('/api/v1/calendars/office', calendar);
  if (answer.status !== 201) throw new Error(answer.text);
});

const previewed = z.object({
  fires: z.array(
    z.object({
      at: z.string(),
      local: z.string(),
      offset: z.string(),
      keptBack: z.boolean(),
      note: z.string().nullable(),
    }),
  ),
  description: z.object({ en: z.string(), zh: z.string() }),
  warnings: z.array(z.string()),
  zone: z.string(),
});

const ask = (body: unknown, token = api.tokens.viewer) => api.post('/api/v1/schedules/preview', body, { token });
const previewOf = async (body: unknown) => {
  const answer = await ask(body);
  if (answer.status !== 200) throw new Error(answer.text);
  return previewed.parse(answer.body);
};
const paths = (answer: Answer) => problemOf(answer).errors.map(error => error.path);

describe('a preview of a schedule', () => {
  it('answers a viewer the fires with zone, offset and what a change of the clocks does', async () => {
    const schedule = { cron: '30 2 * * *', zone: 'America/New_York' };
    const answer = await previewOf({ schedule, from: '2027-03-14T00:00:00-05:00', count: 2 });
    expect(answer).toMatchObject({
      zone: 'America/New_York',
      description: { en: 'At 02:30, America/New_York', zh: '在 02:30, America/New_York' },
      fires: [
        {
          at: '2027-03-14T07:00:00.000Z',
          local: '2027-03-14T03:00:00',
          offset: '-04:00',
          note: 'shifted: 02:30 does not exist',
        },
        { at: '2027-03-15T06:30:00.000Z', local: '2027-03-15T02:30:00', offset: '-04:00', note: null },
      ],
    });
    expect(answer.warnings[0]).toContain('falls in the DST gap on 2027-03-14');
  });

  it('has the defaults of a job: the zone of the server, ten fires from now on', async () => {
    const before = Date.now();
    const answer = await previewOf({ schedule: { cron: '0 * * * *' } });
    expect(answer.zone).toBe('Asia/Shanghai');
    expect(answer.fires).toHaveLength(10);
    const first = Date.parse(answer.fires[0]?.at ?? '');
    expect(first).toBeGreaterThanOrEqual(before);
    expect(first - before).toBeLessThanOrEqual(3_600_000);
    const every = await previewOf({ schedule: { everyMs: '90s' }, jitterMs: '30s', count: 500 });
    expect(every.fires).toHaveLength(500);
    expect(every.description.en).toContain('each up to 30 seconds later');
  });

  it('shows what a calendar keeps back, and names one that there is not', async () => {
    const schedule = { cron: '0 9 * * *' };
    const calendar = { name: 'office', on: 'workdays', outside: 'skip' };
    const answer = await previewOf({ schedule, calendar, from: '2026-12-31T01:00:00Z', count: 3 });
    expect(answer.fires.map(fire => [fire.local, fire.keptBack])).toEqual([
      ['2026-12-31T09:00:00', false],
      ['2027-01-01T09:00:00', true],
      ['2027-01-02T09:00:00', true],
    ]);
    expect(answer.fires[1]?.note).toContain('元旦');
    expect(answer.warnings).toContain(
      'the calendar "office" has no data after 2027-12-31: from then on only its weekend is known',
    );
    expect(paths(await ask({ schedule, calendar: { name: 'none' } }))).toEqual(['calendar.name']);
  });

  it('is refused with every fault that saving a job would find', async () => {
    const schedule = { cron: '99 25 * * *', zone: 'Mars/Base' };
    const timing = {
      schedule,
      startAt: '2027-01-01T00:00:00Z',
      endAt: '2026-01-01T00:00:00Z',
      calendar: { name: 'none' },
    };
    const saved = problemOf(await api.put('/api/v1/jobs/x', { ...smallJobBody, ...timing })).errors;
    const answer = await ask({ ...timing, count: 501, form: 'now' });
    expect(answer.status).toBe(422);
    expect(problemOf(answer).errors).toEqual(expect.arrayContaining(saved));
    expect(new Set(paths(answer))).toEqual(
      new Set(['schedule.cron', 'schedule.zone', 'endAt', 'calendar.name', 'count', 'form']),
    );
    expect(paths(await ask({ schedule: { cron: '0 0 31 2 *' } }))).toEqual(['schedule.cron']);
    expect(paths(await ask({}))).toEqual(['schedule']);
    expect(paths(await ask({ schedule: { cron: '* * * * *' }, from: '9999-01-01T00:00:00Z' }))).toEqual(['from']);
  });

  it('survives times at the edge of what there is', async () => {
    for (const body of [
      { schedule: { at: '9999-12-31T23:59:59Z' } },
      { schedule: { cron: '* * * * *' }, startAt: '9999-12-31T23:00:00Z' },
      { schedule: { cron: '0 0 29 2 *', zone: 'Pacific/Apia' }, from: '1970-01-01T00:00:00Z', count: 500 },
      { schedule: { everyMs: 1000 }, from: '8999-12-31T23:59:59Z' },
      { schedule: { cron: '0 12 * * *', zone: 'Pacific/Apia' }, from: '2011-12-29T00:00:00Z' },
      {
        schedule: { cron: '30 2 * * *', zone: 'America/New_York' },
        startAt: '2030-01-01T00:00:00Z',
        endAt: '2030-06-01T00:00:00Z',
      },
    ]) {
      expect((await ask(body)).status).toBe(200);
    }
  });

  it('changes nothing and is quick for what fires each second', async () => {
    const counters = () => api.collection('counters').find().toArray();
    const before = await counters();
    const body = { schedule: { cron: '* * * * * *', zone: 'Europe/Berlin' }, count: 500 };
    await previewOf(body);
    const startedAt = performance.now();
    expect((await previewOf(body)).warnings).toContain('runs 86,400 times a day');
    expect(performance.now() - startedAt).toBeLessThan(100);
    expect(await counters()).toEqual(before);
  });

  it('needs a token', async () => {
    const answer = await api.post('/api/v1/schedules/preview', { schedule: { everyMs: 1000 } }, { token: null });
    expect(answer.status).toBe(401);
  });
});

describe('the OpenAPI document', () => {
  const content = z.object({ content: z.object({ 'application/json': z.object({ schema: z.json() }) }) });
  const operation = z.object({
    post: z.object({ requestBody: content.optional(), responses: z.record(z.string(), z.json()) }),
  });
  const document = z.object({ paths: z.record(z.string(), z.json()) });

  it('describes previews and trials by the schemas that judge them', async () => {
    const { paths } = document.parse((await api.get('/api/v1/openapi.json')).body);
    const preview = operation.parse(paths['/api/v1/schedules/preview']).post;
    expect(preview.requestBody?.content['application/json'].schema).toMatchObject({
      required: ['schedule'],
      properties: { count: { maximum: 500, default: 10 }, schedule: expect.anything(), calendar: expect.anything() },
    });
    expect(preview.responses['200']).toMatchObject({
      content: {
        'application/json': { schema: { properties: { fires: expect.anything(), warnings: expect.anything() } } },
      },
    });
    const trial = operation.parse(paths['/api/v1/jobs/test']).post;
    expect(trial.requestBody?.content['application/json'].schema).toMatchObject({
      required: expect.arrayContaining(['kind', 'schedule', 'check']),
      properties: { name: { type: 'string' } },
    });
    expect(operation.parse(paths['/api/v1/jobs/{name}/test']).post.responses['200']).toMatchObject({
      content: { 'application/json': { schema: { properties: { series: expect.anything() } } } },
    });
  });
});
