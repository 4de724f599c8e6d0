import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { keepUnknown, knownPart, safeParseStored } from '../../../app/domain/unknownFields';

const rule = z.strictObject({ op: z.string(), threshold: z.number() });
const settings = z.strictObject({
  source: z.string(),
  rule,
  parts: z.array(z.strictObject({ a: z.number() })).default([]),
});

describe('reading what a newer version stored', () => {
  it('leaves out what the schema does not know, wherever it stands', () => {
    const stored = { source: 's', later: 1, rule: { op: '>', threshold: 1, later: 2 }, parts: [{ a: 1, later: 3 }] };
    const parsed = safeParseStored(settings, stored);
    expect(parsed.data).toEqual({ source: 's', rule: { op: '>', threshold: 1 }, parts: [{ a: 1 }] });
  });

  it('still refuses what is wrong', () => {
    const parsed = safeParseStored(settings, { source: 's', later: 1, rule: { op: '>', threshold: 'many' } });
    expect(parsed.error?.issues).toMatchObject([{ path: ['rule', 'threshold'] }]);
  });

  it('does not touch what is known', () => {
    const stored = { source: 's', rule: { op: '>', threshold: 1 } };
    expect(knownPart(settings, stored)).toBe(stored);
  });
});

describe('storing in place of what a newer version stored', () => {
  it('keeps its fields, also inside of what is changed here', () => {
    const at = new Date(0);
    const stored = { title: 'a', later: at, retry: { limit: 1, later: [1] }, v: 2 };
    const next = keepUnknown(stored, { title: 'a', retry: { limit: 1 } }, { title: 'b', retry: { limit: 5 } });
    expect(next).toEqual({ title: 'b', later: at, retry: { limit: 5, later: [1] }, v: 2 });
  });

  it('does not bring back what is known and was taken out', () => {
    const stored = { title: 'a', expireAt: 1 };
    expect(keepUnknown(stored, { title: 'a', expireAt: 1 }, { title: 'a' })).toEqual({ title: 'a' });
  });

  it('leaves the fields of a thing behind that became another one', () => {
    const stored = { kind: 'check', settings: { url: 1, later: 2 }, later: 3 };
    const known = { kind: 'check', settings: { url: 1 } };
    const next = { kind: 'http', settings: { url: 1 } };
    expect(keepUnknown(stored, known, next)).toEqual({ kind: 'http', settings: { url: 1 }, later: 3 });
    const schedule = { schedule: { cron: '* * * * *', later: 5 } };
    expect(keepUnknown(schedule, { schedule: { cron: '* * * * *' } }, { schedule: { everyMs: 1 } })).toEqual({
      schedule: { everyMs: 1 },
    });
  });
});
