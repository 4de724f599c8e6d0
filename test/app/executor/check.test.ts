import { existsSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { SourceError, ValidationError } from '../../../app/domain/errors';
import { executors } from '../../../app/executor';
import type { AnyExecutor } from '../../../app/executor/types';

const given = { source: 'access-log', query: 'SELECT 1', rule: { op: '>', threshold: 100 } };
const idle = new AbortController().signal;

function check(): AnyExecutor {
  const executor = executors.get('check');
  if (executor === undefined) throw new Error('check is not registered');
  return executor;
}

describe('the job kind check', () => {
  it('asks its source and hands all series to the rule', async () => {
    const asked: unknown[] = [];
    const series = [
      { labels: { host: 'a' }, value: 1 },
      { labels: { host: 'b' }, value: 2 },
    ];
    const outcome = await check().run(
      given,
      {
        readSource: async (...args) => {
          asked.push(args);
          return series;
        },
      },
      idle,
    );
    expect(asked).toEqual([['access-log', 'SELECT 1', idle]]);
    expect(outcome.summary).toEqual({ series: 2 });
    expect(outcome.check).toMatchObject({
      rule: { op: '>', threshold: 100, recovery: null },
      subject: { source: 'access-log', query: 'SELECT 1' },
      result: { type: 'series', series },
    });
  });

  it('lets the error of the source through', async () => {
    const readSource = () => Promise.reject(new SourceError('62', 'Syntax error'));
    await expect(check().run(given, { readSource }, idle)).rejects.toMatchObject({ code: '62' });
  });

  it('tells the alerts of a failed run under the same rule and subject', () => {
    const error = { code: 'timeout', message: 'too late' };
    expect(check().failed(given, error)).toMatchObject({
      rule: { op: '>', threshold: 100 },
      subject: { source: 'access-log', query: 'SELECT 1' },
      result: { type: 'error', error },
    });
  });

  it('names the source and the query that it refers to', () => {
    expect(check().references(given)).toEqual([{ source: 'access-log', query: 'SELECT 1' }]);
  });

  it('refuses a name with a space, a missing query and an unknown field, all at once', () => {
    const parsed = check().settings.safeParse({ source: 'access log', rule: given.rule, treshold: 1 });
    const messages = parsed.error?.issues.map(issue => `${issue.path.join('.')}: ${issue.message}`).join('\n');
    expect(messages).toContain('source: "access log" is not a name');
    expect(messages).toContain('query: is missing');
    expect(messages).toContain('treshold');
  });

  it('names the field when stored settings are no longer valid', async () => {
    const readSource = async () => [];
    await expect(check().run({ ...given, source: 7 }, { readSource }, idle)).rejects.toThrow(ValidationError);
    await expect(check().run({ ...given, source: 7 }, { readSource }, idle)).rejects.toThrow(/check\.source/);
    expect(check().failed({}, { code: 'x', message: 'y' })).toBeNull();
  });

  it('goes by what it knows of settings that a newer version has stored', async () => {
    const stored = { ...given, later: 1, rule: { ...given.rule, later: 2 } };
    const outcome = await check().run(stored, { readSource: async () => [] }, idle);
    expect(outcome.check).toMatchObject({ rule: { threshold: 100 }, subject: { source: 'access-log' } });
    expect(JSON.stringify(outcome)).not.toContain('later');
    expect(check().failed(stored, { code: 'x', message: 'y' })).toMatchObject({ rule: { threshold: 100 } });
  });

  it('is described by a JSON schema', () => {
    const schema = z.toJSONSchema(check().settings, { io: 'input', unrepresentable: 'any' });
    expect(schema).toMatchObject({ additionalProperties: false, required: expect.arrayContaining(['source', 'rule']) });
  });
});

describe('the registry of job kinds', () => {
  it('holds each kind under its own name, from a file of that name', () => {
    for (const [name, executor] of executors) {
      expect(executor.kind).toBe(name);
      expect(existsSync(path.join(__dirname, '../../../app/executor', `${name}.ts`))).toBe(true);
    }
  });
});
