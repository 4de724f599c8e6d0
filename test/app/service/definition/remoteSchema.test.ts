import { expect, it } from 'vitest';
import { z } from 'zod';
import { RemoteSchemas } from '../../../../app/service/definition/remoteSchema';

it('a fault shows no part of a secret, not even where a long value is cut', () => {
  const settings = z.strictObject({ url: z.number(), token: z.number(), nested: z.number() });
  const schemas = new RemoteSchemas(new Map([['x', { kind: 'x', settings }]]));
  const secret = 'k'.repeat(100);
  const body = { kind: 'x', url: `http://h/?key=${secret}`, token: secret, nested: { password: [secret] } };
  const checked = schemas.check(body);
  expect(checked.ok).toBe(false);
  expect(JSON.stringify(checked)).toContain('http://h/?key=********');
  expect(JSON.stringify(checked)).not.toContain('kk');
});
