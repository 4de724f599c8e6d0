import { describe, expect, it } from 'vitest';
import { bundle } from './bundle';
import { seedsOf, violatedIn } from './simulate';

describe('The cluster on a virtual clock', () => {
  it('keeps every promise in each of a thousand worlds with even seeds', { timeout: 1_800_000 }, async () => {
    expect(await violatedIn(await bundle(), seedsOf(2, 2000, 2))).toEqual([]);
  });
});
