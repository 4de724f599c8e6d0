import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matchesGlob } from '../../../app/domain/glob';

describe('a glob', () => {
  it.each([
    ['shop-*', 'shop-orders', true],
    ['shop-*', 'shop-', true],
    ['shop-*', 'shop', false],
    ['*-404', 'online-404', true],
    ['a?c', 'abc', true],
    ['a?c', 'ac', false],
    ['a.c', 'abc', false],
    ['*', '', true],
    ['', '', true],
    ['', 'a', false],
    ['a*b*c', 'a-b-b-c', true],
    ['a*b*c', 'a-b-b-c-', false],
  ])('%j on %j is %s', (pattern, text, expected) => {
    expect(matchesGlob(pattern, text)).toBe(expected);
  });

  it('agrees with the regular expression of the same meaning', () => {
    const letters = fc.array(fc.constantFrom('a', 'b'), { maxLength: 8 }).map(parts => parts.join(''));
    const patterns = fc.array(fc.constantFrom('a', 'b', '*', '?'), { maxLength: 6 }).map(parts => parts.join(''));
    fc.assert(
      fc.property(patterns, letters, (pattern, text) => {
        const source = pattern.replaceAll('*', '.*').replaceAll('?', '.');
        expect(matchesGlob(pattern, text)).toBe(new RegExp(`^${source}$`).test(text));
      }),
    );
  });

  it('answers at once whatever the pattern', () => {
    const startedAt = performance.now();
    expect(matchesGlob('*a'.repeat(30), `${'a'.repeat(5000)}b`)).toBe(false);
    expect(performance.now() - startedAt).toBeLessThan(1000);
  });
});
