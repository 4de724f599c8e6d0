import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { WecomReceiver } from '../../tools/demo/wecomReceiver';
import { useClickHouse } from '../support/clickhouse';
import { ClusterWorld } from '../support/clusterWorld';
import { testDatabaseUrl } from '../support/database';
import { eventually } from '../support/eventually';

/** A robot for each job: what one tells is not counted to another. */
const robots = ['online', 'sql', 'table', 'password', 'slow', 'rows', 'rows-writer', 'stopped'] as const;
type Robot = (typeof robots)[number];

const clickhouse = useClickHouse();
const world = new ClusterWorld(testDatabaseUrl());
const receiver = new WecomReceiver({ keys: robots, limit: 1000 });
const alertsSchema = z.array(
  z.object({
    state: z.string(),
    value: z.number().nullable(),
    error: z.object({ code: z.string(), message: z.string() }).nullable(),
  }),
);

const count404 = 'SELECT count() AS value FROM access_log WHERE status = 404 AND ts >= now() - INTERVAL 10 MINUTE';
/** Minutes of work, if nobody ends it. */
const endless = 'SELECT sum(number) AS value FROM (SELECT number FROM system.numbers LIMIT 1000000000000)';

beforeAll(async () => {
  await Promise.all([receiver.start(), world.prepare()]);
  await world.start('a');
  await clickhouse().sql(
    'CREATE TABLE access_log (date Date DEFAULT toDate(ts), ts DateTime DEFAULT now(), status UInt16, path String) ENGINE = MergeTree PARTITION BY toYYYYMM(date) ORDER BY (date, ts)',
  );
  for (const robot of robots) {
    await world.api.must('PUT', `/api/v1/channels/${robot}`, { kind: 'wecom-robot', url: receiver.url(robot) });
  }
  await defineSource('access-log', {});
}, 90_000);

afterAll(async () => {
  await world.close();
  await receiver.stop();
}, 60_000);

async function defineSource(name: string, over: Record<string, unknown>): Promise<void> {
  const { url, password } = clickhouse();
  const source = { kind: 'clickhouse', url, user: 'watch', password, database: 'default', timeoutMs: 3000, ...over };
  await world.api.must('PUT', `/api/v1/sources/${name}`, source);
}

/** Checks `query` each second and tells the robot of the same name. */
async function defineJob(robot: Robot, query: string, source = 'access-log'): Promise<void> {
  await world.api.must('PUT', `/api/v1/jobs/${robot}`, {
    kind: 'check',
    title: `check ${robot}`,
    schedule: { everyMs: 1000 },
    retry: { limit: 0 },
    check: { source, query, rule: { op: '>', threshold: 100 } },
    notify: { channels: [robot] },
  });
}

async function insert404(count: number): Promise<void> {
  const rows = Array.from({ length: count }, (_, index) => JSON.stringify({ status: 404, path: `/missing/${index}` }));
  await clickhouse().sql('INSERT INTO access_log (status, path) FORMAT JSONEachRow', rows.join('\n'));
}

/** What a robot's group has seen, oldest first. */
function told(robot: Robot): string[] {
  return receiver.messages.filter(message => message.key === robot).map(message => message.content);
}

async function tells(robot: Robot, ...words: (string | RegExp)[]): Promise<string> {
  return await eventually(
    `${robot} tells ${words.join(', ')}`,
    () => told(robot).find(text => words.every(word => new RegExp(word).test(text))),
    15_000,
  );
}

async function alertOf(job: string): Promise<z.infer<typeof alertsSchema>[number] | undefined> {
  return alertsSchema.parse(await world.api.all(`/api/v1/alerts?job=${job}`))[0];
}

/** Waits until this many further checks of a job have succeeded. */
async function checks(job: string, count: number): Promise<void> {
  const url = `/api/v1/runs?job=${job}&state=succeeded&limit=100`;
  const ended = async () => z.array(z.unknown()).parse((await world.api.must('GET', url))['items']).length;
  const before = await ended();
  await eventually(`${count} more checks of ${job}`, async () => (await ended()) >= before + count);
}

describe('a check of 404s in ClickHouse', () => {
  it('says nothing at its threshold', async () => {
    await insert404(100);
    await defineJob('online', count404);
    await checks('online', 3);
    expect(await alertOf('online')).toMatchObject({ state: 'ok', value: 100 });
    expect(told('online')).toEqual([]);
  }, 30_000);

  it('fires above it, as markdown in the group', async () => {
    await insert404(1);
    const text = await tells('online', 'FIRING', '101');
    expect(text).toContain('check online');
    expect(receiver.messages.at(-1)).toMatchObject({ key: 'online', msgtype: 'markdown' });
    expect(await alertOf('online')).toMatchObject({ state: 'firing', value: 101 });
    await checks('online', 2);
    expect(told('online')).toHaveLength(1);
  }, 30_000);

  it('tells that it is resolved', async () => {
    await clickhouse().sql('TRUNCATE TABLE access_log');
    await tells('online', 'RESOLVED');
    expect(await alertOf('online')).toMatchObject({ state: 'ok', value: 0 });
    expect(told('online')).toHaveLength(2);
  }, 30_000);
});

/** Fires, is broken by `damage`, tells the server's message and nothing of "resolved", is mended, and only then resolved. */
async function breaks(robot: Robot, source: string, damage: () => Promise<unknown>, message: RegExp): Promise<void> {
  await defineJob(robot, 'SELECT 500 AS value', source);
  await tells(robot, 'FIRING', '500');
  await damage();
  const alert = await eventually(
    `${robot} is in error`,
    async () => {
      const found = await alertOf(robot);
      return found?.state === 'error' && found;
    },
    15_000,
  );
  expect(alert.error?.message).toMatch(message);
  await tells(robot, 'CHECK FAILED', 'was firing', message);
  expect(told(robot).map(text => text.includes('RESOLVED'))).toEqual([false, false]);
}

async function mended(robot: Robot): Promise<void> {
  await defineSource(`for-${robot}`, {});
  await defineJob(robot, 'SELECT 1 AS value', `for-${robot}`);
  await tells(robot, 'RESOLVED');
  expect(told(robot)).toHaveLength(3);
  await world.api.must('POST', `/api/v1/jobs/${robot}/pause`);
}

describe('a check that fired and whose query fails', () => {
  const rows = 'SELECT number AS value, toString(number) AS series FROM system.numbers LIMIT 10000';
  const cases: [Robot, string, Record<string, unknown>, string, RegExp][] = [
    ['sql', 'is wrong SQL', {}, 'SELEC 1 AS value', /DB::Exception: Syntax error/],
    ['table', 'reads a table that there is not', {}, 'SELECT count() AS value FROM nowhere', /nowhere.*doesn't exist/],
    ['rows', 'answers 10,000 rows', {}, rows, /DB::Exception: Limit for result.*exceeded/i],
    [
      'rows-writer',
      'answers 10,000 rows to a writable user',
      { user: 'default' },
      rows,
      /DB::Exception: Limit for result.*exceeded/i,
    ],
  ];
  it.each(cases)(
    '(%s) because it %s shows the message of the server',
    async (robot, _why, user, query, message) => {
      const source = `for-${robot}`;
      await defineSource(source, user);
      await breaks(robot, source, () => defineJob(robot, query, source), message);
      await mended(robot);
    },
    60_000,
  );

  it('because the password is wrong shows the message of the server', async () => {
    await defineSource('for-password', {});
    const damage = () => world.api.must('PATCH', '/api/v1/sources/for-password', { password: 'another' });
    await breaks('password', 'for-password', damage, /password/i);
    expect((await alertOf('password'))?.error?.message).not.toContain('another');
    await mended('password');
  }, 60_000);

  it('because it is over its time is ended on the server', async () => {
    const seen: number[] = [];
    const looking = new AbortController();
    const running = async () => {
      const sql = `SELECT elapsed FROM system.processes WHERE user = 'watch' AND query LIKE 'SELECT sum(number)%'`;
      return (await clickhouse().sql(sql))
        .split('\n')
        .filter(line => line !== '')
        .map(Number);
    };
    const look = async () => {
      while (!looking.signal.aborted) seen.push(...(await running()));
    };
    await defineSource('for-slow', { timeoutMs: 1000 });
    const watching = look();
    try {
      await breaks('slow', 'for-slow', () => defineJob('slow', endless, 'for-slow'), /1000 ms.*ended on the server/);
      await world.api.must('POST', '/api/v1/jobs/slow/pause');
      await eventually('nothing of it runs any more', async () => (await running()).length === 0, 4000);
    } finally {
      looking.abort();
      await watching;
    }
    expect(seen.length).toBeGreaterThan(0);
    // Its profile would have let it work for 5 s.
    expect(Math.max(...seen)).toBeLessThan(3);
    await world.api.must('POST', '/api/v1/jobs/slow/resume');
    await mended('slow');
  }, 60_000);

  it('because the server is stopped says so, and goes on where it was when it is back', async () => {
    await defineSource('for-stopped', {});
    await breaks('stopped', 'for-stopped', () => clickhouse().kill(), /ECONNREFUSED|ECONNRESET|refused/);
    await clickhouse().restart();
    await eventually('it fires again', async () => (await alertOf('stopped'))?.state === 'firing');
    expect(told('stopped')).toHaveLength(2);
    await mended('stopped');
  }, 60_000);
});
