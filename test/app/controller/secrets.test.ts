import { describe, expect, it } from 'vitest';
import { SettingsError } from '../../../app/domain/errors';
import { SecretBox } from '../../../app/service/definition/secretBox';
import { problemOf, useApi } from '../../support/api';
import { testSecretKey } from '../../support/composeApi';
import { channelBody, sourceBody } from '../../support/definitions';

const api = useApi();
const masked = '********';
const robot = 'http://127.0.0.1:9/cgi-bin/webhook/send?key=s3cr3t-robot-key';

async function everythingStored(): Promise<string> {
  const collections = await api.database.db.collections();
  const documents = await Promise.all(collections.map(collection => collection.find({}).toArray()));
  return JSON.stringify(documents);
}

describe('secrets', () => {
  it('are in no answer and not readable in the database', async () => {
    const mongodb = { kind: 'mongodb', url: 'mongodb://reader:hunter2-url@127.0.0.1:1/db', database: 'db' };
    const answers = [
      await api.put('/api/v1/sources/s', sourceBody),
      await api.put('/api/v1/sources/m', mongodb),
      await api.put('/api/v1/channels/c', channelBody),
      await api.patch('/api/v1/sources/s', { database: 'other' }),
      await api.get('/api/v1/sources/s'),
      await api.get('/api/v1/sources'),
      await api.get('/api/v1/channels'),
      await api.put('/api/v1/channels/c?dryRun=true', { ...channelBody, mentions: [] }),
    ];
    const texts = answers.map(answer => answer.text).join('\n');
    expect(answers.map(answer => answer.status)).toEqual([201, 201, 201, 200, 200, 200, 200, 200]);
    for (const secret of ['hunter2', 's3cr3t']) {
      expect(texts).not.toContain(secret);
      expect(await everythingStored()).not.toContain(secret);
    }
    expect(answers[4]?.body).toMatchObject({ password: masked, database: 'other', user: 'watch' });
    expect(answers[2]?.body).toMatchObject({ url: robot.replace('s3cr3t-robot-key', masked), broken: null });
    expect(answers[1]?.body).toMatchObject({ url: `mongodb://reader:${masked}@127.0.0.1:1/db` });
    expect(JSON.stringify(api.watchbell.log.lines)).not.toContain('hunter2');
  });

  it('stay when the mask is written back, also inside a url', async () => {
    const { definitions } = api.watchbell;
    const masks = { ...sourceBody, password: masked, timeoutMs: 5000 };
    expect((await api.put('/api/v1/sources/s', masks)).status).toBe(200);
    expect((await definitions.sources.load('s'))?.settings).toMatchObject({
      password: 'hunter2-source',
      timeoutMs: 5000,
    });
    const moved = `http://127.0.0.1:8/relay?x=1&key=${masked}`;
    expect((await api.patch('/api/v1/channels/c', { url: moved })).status).toBe(200);
    const url = 'http://127.0.0.1:8/relay?x=1&key=s3cr3t-robot-key';
    expect((await definitions.channels.load('c'))?.settings).toMatchObject({ url });
    const unchanged = await api.get('/api/v1/sources/s');
    expect((await api.put('/api/v1/sources/s', unchanged.body)).body).toEqual(unchanged.body);
  });

  it('cannot be kept where none is stored', async () => {
    const answer = await api.put('/api/v1/sources/new', { ...sourceBody, password: masked });
    expect(answer.status).toBe(422);
    expect(problemOf(answer).errors).toEqual([
      { path: 'password', message: expect.stringContaining('none is stored') },
    ]);
    const url = `http://127.0.0.1:9/cgi-bin/webhook/send?key=${masked}`;
    expect(problemOf(await api.put('/api/v1/channels/new', { ...channelBody, url })).errors[0]?.path).toBe('url');
  });

  it('are not repeated by what complains of the value that holds them', async () => {
    const answer = await api.patch('/api/v1/channels/c', {
      url: `ftp://u:${'p4ss'}word@h/?key=${masked}`,
      mentions: 5,
    });
    expect(answer.status).toBe(422);
    expect(answer.text).not.toContain('s3cr3t');
    expect(answer.text).not.toContain('p4ssword');
    const url = `https://reader:${masked}@${'h'.repeat(20)}/db`;
    const wrong = await api.patch('/api/v1/sources/m', { url, database: 5 });
    expect(wrong.status).toBe(422);
    expect(wrong.text).not.toContain('hunter2');
    const number = await api.put('/api/v1/sources/s', { ...sourceBody, url: 5, password: ['hunter3'] });
    expect(number.status).toBe(422);
    expect(number.text).not.toContain('hunter3');
  });

  it('open at their own place only, and only with the key that sealed them', async () => {
    const box = new SecretBox(testSecretKey);
    const stored = await api.collection('sources').findOne({ _id: 's' });
    const sealed = String(stored?.['settings'].password);
    expect(sealed).toMatch(/^enc:v1:/);
    expect(box.open(sealed, 'sources/s/password')).toBe('hunter2-source');
    expect(() => box.open(sealed, 'sources/other/password')).toThrow(SettingsError);
    expect(() => new SecretBox('another key of another host').open(sealed, 'sources/s/password')).toThrow(
      SettingsError,
    );
    expect(box.seal('x', 'p')).not.toBe(box.seal('x', 'p'));
  });

  it('are refused at the start with another key than the one the database was begun with', async () => {
    await new SecretBox(testSecretKey).assertKey(api.database);
    await new SecretBox(testSecretKey).assertKey(api.database);
    await expect(new SecretBox('another key of another host').assertKey(api.database)).rejects.toThrow(
      'WATCHBELL_SECRET_KEY is not the key that this database was begun with',
    );
  });
});

describe('a broken channel', () => {
  it('shows why, and is healed by a PUT of the same', async () => {
    await api.put('/api/v1/channels/b', channelBody);
    const broken = { code: '93000', message: 'invalid webhook url', since: new Date(0) };
    await api.collection('channels').updateOne({ _id: 'b' }, { $set: { broken } });
    const due = new Date(Date.now() + 30_000);
    await api.collection('deliveries').insertOne({ _id: 'd', channel: 'b', state: 'pending', nextAttemptAt: due });
    const shown = await api.get('/api/v1/channels/b');
    expect(shown.body).toMatchObject({ broken: { code: '93000', since: '1970-01-01T00:00:00.000Z' } });
    const healed = await api.put('/api/v1/channels/b', channelBody);
    expect(healed.body).toMatchObject({ broken: null });
    expect((await api.get('/api/v1/channels/b')).body).toEqual(healed.body);
    const waiting = await api.collection('deliveries').findOne({ _id: 'd' });
    expect(waiting?.['nextAttemptAt'].getTime()).toBeLessThan(due.getTime() - 20_000);
  });
});
