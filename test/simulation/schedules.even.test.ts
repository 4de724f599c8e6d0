import { describe, expect, it } from 'vitest';
import { bundle } from './bundle';
import { seedsOf, simulate, told } from './simulate';

describe('The cluster on a virtual clock', () => {
  it('keeps every promise in each of a thousand worlds with even seeds', { timeout: 1_800_000 }, async () => {
    const program = await bundle();
    const violated: string[] = [];
    for (const seed of seedsOf(2, 2000, 2)) {
      const result = await simulate(program, seed);
      if (result.violations.length > 0) violated.push(told(result));
      if (violated.length >= 5) break;
    }
    expect(violated).toEqual([]);
  });
});
