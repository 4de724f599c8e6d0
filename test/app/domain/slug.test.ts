import { describe, expect, it } from 'vitest';
import { slugSchema } from '../../../app/domain/slug';

describe('a name', () => {
  it.each(['a', '0', 'online-404', 'a.b_c-d', 'x'.repeat(64)])('may be %j', name => {
    expect(slugSchema.parse(name)).toBe(name);
  });

  it.each(['', 'Online', 'a b', '-a', '.a', 'x'.repeat(65), 'ä', 'a\n'])('may not be %j', name => {
    const message = slugSchema.safeParse(name).error?.issues[0]?.message;
    expect(message).toContain(JSON.stringify(name));
    expect(message).toContain('a-z, 0-9');
  });
});
