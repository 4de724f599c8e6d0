import { afterEach, describe, expect, it } from 'vitest';
import { createSources } from '../../../app/source';
import { queryContext } from '../../contract/source/world';
import { useClickHouse } from '../../support/clickhouse';
import { eventually } from '../../support/eventually';
import { type HttpRemote, startHttpRemote } from '../../support/httpRemote';

const forever = 'SELECT count() AS value FROM system.numbers WHERE sipHash64(number) = 1';

function clickhouseSource() {
  const source = createSources().get('clickhouse');
  if (source === undefined) throw new Error('clickhouse is not registered');
  return source;
}

describe('a ClickHouse 18.16', () => {
  const clickhouse = useClickHouse();
  const source = clickhouseSource();
  const settings = (user: string) => ({ url: clickhouse().url, user, password: clickhouse().password });

  it.each(['default', 'watch', 'watch2'])('answers the user %s, whatever it may set', async user => {
    expect(await source.read(settings(user), 'SELECT 1 AS value', queryContext())).toEqual([{ labels: {}, value: 1 }]);
  });

  it.each(['default', 'watch', 'watch2'])('runs nothing that writes, asked as %s', async user => {
    const write = source.read(settings(user), 'CREATE TABLE made (a UInt8) ENGINE = Memory', queryContext());
    await expect(write).rejects.toMatchObject({ code: '164' });
    expect(await clickhouse().sql('EXISTS TABLE made')).toBe('0');
  });

  it.each(['default', 'watch'])('reaches no other server through a table function, asked as %s', async user => {
    const sql = "SELECT * FROM url('http://127.0.0.1:1/', 'TSV', 'a UInt8')";
    await expect(source.read(settings(user), sql, queryContext())).rejects.toThrow(/Table functions are forbidden/);
  });

  it.each(['default', 'watch2'])('is asked by %s with a time limit of its own, the net below ours', async user => {
    const seen = await source.read(
      settings(user),
      `SELECT toUInt32(value) AS value FROM system.settings WHERE name = 'max_execution_time'`,
      { ...queryContext(), timeoutMs: 3000 },
    );
    expect(seen).toEqual([{ labels: {}, value: 3 }]);
  });

  it.each(['default', 'watch', 'watch2'])('ends a query over its time, asked as %s', async user => {
    const context = queryContext({ timeoutMs: 700 });
    const late = source.read(settings(user), forever, context);
    await expect(late).rejects.toThrow(/did not answer within \d+ ms\. It was ended on the server\./);
    expect(await clickhouse().sql(`SELECT count() FROM system.processes WHERE query_id = '${context.queryId}'`)).toBe(
      '0',
    );
  });

  it('calls its own time limit a timeout too, in its own words', async () => {
    const late = source.read(settings('watch'), `${forever} AND sleep(0) = 0`, queryContext({ timeoutMs: 9000 }));
    await expect(late).rejects.toMatchObject({ code: 'timeout' });
    await expect(late).rejects.toThrow(/Code: 159.*Timeout exceeded/);
  });

  it('ends a query whose id has quotes in it', async () => {
    const context = queryContext({ timeoutMs: 500, queryId: "a'b\\c" });
    await expect(source.read(settings('watch'), forever, context)).rejects.toThrow(/It was ended on the server/);
  });

  it.each([
    'SELECT 7 AS value;',
    'SELECT 7 AS value ; \n',
    'SELECT 7 AS value -- the end',
    'SELECT 7 AS value FORMAT JSON',
    'SELECT 7 AS value format JSONCompact;',
  ])('reads %j', async sql => {
    expect(source.query.safeParse(sql).success).toBe(true);
    expect(await source.read(settings('watch'), sql, queryContext())).toEqual([{ labels: {}, value: 7 }]);
  });

  it.each(['', '  \n', 'SELECT 1 FORMAT TSV', 'SELECT 1 FORMAT Pretty ;', `SELECT '${'x'.repeat(65_536)}'`])(
    'refuses the query %.40j when it is saved',
    sql => {
      expect(source.query.safeParse(sql).success).toBe(false);
    },
  );

  it('reads numbers of every type, quoted ones too, and everything else as labels', async () => {
    const sql = `SELECT toUInt64(9007199254740991) AS value, toInt64(-3) AS n, toDate('2026-11-21') AS day,
      [1, 2] AS list, 'x"y' AS text, CAST(NULL AS Nullable(String)) AS nothing`;
    expect(await source.read(settings('watch'), sql, queryContext())).toEqual([
      { labels: { n: '-3', day: '2026-11-21', list: '[1,2]', text: 'x"y', nothing: '' }, value: 9007199254740991 },
    ]);
    for (const type of ['UInt8', 'Int64', 'Float32', 'Nullable(UInt64)']) {
      const read = source.read(settings('watch'), `SELECT CAST(5 AS ${type}) AS value`, queryContext());
      expect(await read).toEqual([{ labels: {}, value: 5 }]);
    }
    const decimal = source.read(settings('watch'), 'SELECT toDecimal32(1.5, 2) AS value', queryContext());
    expect(await decimal).toEqual([{ labels: {}, value: 1.5 }]);
  });

  it('takes nan and inf for no data', async () => {
    expect(await source.read(settings('watch'), 'SELECT nan AS value', queryContext())).toEqual([]);
    expect(await source.read(settings('watch'), 'SELECT inf AS value', queryContext())).toEqual([]);
  });

  it('takes 1,000 rows and refuses 1,001, by its own limit and by that of the profile', async () => {
    const rows = (count: number) =>
      `SELECT toString(number) AS name, number AS value FROM system.numbers LIMIT ${count}`;
    for (const user of ['default', 'watch', 'watch2']) {
      expect(await source.read(settings(user), rows(1000), queryContext())).toHaveLength(1000);
      await expect(source.read(settings(user), rows(1001), queryContext())).rejects.toMatchObject({
        code: 'tooManyRows',
      });
    }
  });

  it('speaks of what the user may do when it is tried', async () => {
    const told = (user: string) => source.test(settings(user), queryContext());
    expect((await told('watch')).message).toMatch(/^ClickHouse 18\.16\.1, user watch may read only and sets no limits/);
    expect((await told('watch2')).message).toMatch(/url\(\) and remote\(\)/);
    expect((await told('default')).message).toMatch(/asks with readonly = 1/);
    await expect(source.test({ ...settings('watch'), database: 'none' }, queryContext())).rejects.toMatchObject({
      code: '81',
    });
  });

  it('keeps the password out of every error', async () => {
    const password = 'hunter2-ü';
    const error: unknown = await source
      .read({ ...settings('watch'), password }, 'SELECT 1', queryContext())
      .catch(error => error);
    expect(error).toMatchObject({ code: '193' });
    expect(String(error)).not.toContain('hunter2');
  });

  it('says that it is down, and works again when it is back', async () => {
    await clickhouse().stop();
    const dead = source.read(settings('watch'), 'SELECT 1 AS value', queryContext());
    await expect(dead).rejects.toMatchObject({ code: 'network' });
    await clickhouse().restart();
    expect(await source.read(settings('watch'), 'SELECT 1 AS value', queryContext())).toHaveLength(1);
  });
});

describe('an answer in the style of other versions', () => {
  let remote: HttpRemote | undefined;
  const remotes: HttpRemote[] = [];
  afterEach(async () => {
    for (const one of remotes.splice(0)) await one.close();
  });

  async function answerBy(answer: Parameters<typeof startHttpRemote>[0]): Promise<HttpRemote> {
    remote = await startHttpRemote(answer);
    remotes.push(remote);
    return remote;
  }

  const access = JSON.stringify({
    meta: [
      { name: 'value', type: 'String' },
      { name: 'version', type: 'String' },
    ],
    data: [['0', '26.3.1.1']],
  });

  async function answering(status: number, body: string, headers: Record<string, string> = {}) {
    remote = await answerBy((response, url) => {
      if (url.includes('access')) return response.end(access);
      return response.writeHead(status, headers).end(body);
    });
    const settings = { url: `http://127.0.0.1:${remote.port}/behind/a/proxy`, password: 'pass word' };
    return clickhouseSource().read(settings, 'SELECT 1 AS value', queryContext());
  }

  it('is read by its header X-ClickHouse-Exception-Code', async () => {
    const body =
      'Code: 60. DB::Exception: Unknown table expression identifier `nope`. (UNKNOWN_TABLE) (version 26.3.1.1)';
    const refused = answering(404, body, { 'X-ClickHouse-Exception-Code': '60' });
    await expect(refused).rejects.toMatchObject({ code: '60', message: body });
    await expect(answering(403, 'Wrong', { 'X-ClickHouse-Exception-Code': '516' })).rejects.toMatchObject({
      code: '516',
    });
  });

  it('is an error when the exception comes behind half an answer with status 200', async () => {
    const half = '{"meta": [{"name": "value", "type": "UInt8"}], "data": [[1],\nCode: 395, ';
    const old = answering(200, `${half}e.displayText() = DB::Exception: Value passed to throwIf`);
    await expect(old).rejects.toMatchObject({ code: '395', message: expect.stringContaining('throwIf') });
  });

  it('is an error when something else answers', async () => {
    await expect(answering(200, '<html>Grafana</html>')).rejects.toMatchObject({ code: 'badAnswer' });
    await expect(answering(502, 'Bad Gateway')).rejects.toMatchObject({
      code: 'http502',
      message: 'HTTP 502: Bad Gateway',
    });
    await expect(answering(302, '', { location: 'http://127.0.0.1:1/' })).rejects.toMatchObject({ code: 'http302' });
  });

  it('cuts a long message and keeps credentials in headers, never in the address', async () => {
    const error: unknown = await answering(500, `Code: 1. DB::Exception: ${'ü'.repeat(5000)}`).catch(error => error);
    expect(error instanceof Error && Buffer.byteLength(error.message)).toBeLessThanOrEqual(500);
    const asked = remote?.requests.at(-1);
    expect(asked?.headers).toMatchObject({ 'x-clickhouse-user': 'default', 'x-clickhouse-key': 'pass word' });
    expect(asked?.url).toMatch(/^\/behind\/a\/proxy\?.*readonly=1/);
    expect(asked?.url).not.toContain('pass');
    expect(asked?.body).toBe('SELECT 1 AS value');
  });

  it('asks again what the user may set when it may no longer set what it could', async () => {
    let readonly = 0;
    remote = await answerBy((response, url) => {
      const parameters = new URL(url, 'http://x').searchParams;
      if (url.includes('access')) return response.end(access.replace('"0"', `"${readonly}"`));
      if (parameters.has('max_execution_time') && readonly === 1) {
        return response
          .writeHead(500)
          .end("Code: 164, e.displayText() = DB::Exception: Setting 'max_execution_time' …");
      }
      return response.end('{"meta": [{"name": "value", "type": "UInt8"}], "data": [[1]]}');
    });
    const source = clickhouseSource();
    const settings = { url: `http://127.0.0.1:${remote.port}` };
    expect(await source.read(settings, 'SELECT 1 AS value', queryContext())).toHaveLength(1);
    readonly = 1;
    expect(await source.read(settings, 'SELECT 1 AS value', queryContext())).toHaveLength(1);
    expect(remote.requests.at(-1)?.url).not.toContain('max_execution_time');
  });

  it('asks once in a while what the user may set, not for each query', async () => {
    remote = await answerBy(response => response.end(access));
    const source = clickhouseSource();
    const settings = { url: `http://127.0.0.1:${remote.port}` };
    for (const _ of [1, 2, 3]) {
      await expect(source.read(settings, 'SELECT 1', queryContext())).rejects.toMatchObject({ code: 'notNumeric' });
    }
    expect(remote.requests.filter(({ url }) => url.includes('access'))).toHaveLength(1);
    await eventually('all requests', () => remote?.requests.length === 4);
  });
});
