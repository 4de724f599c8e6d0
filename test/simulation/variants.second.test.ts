import { beforeAll, describe, expect, it } from 'vitest';
import { bitten } from './biting';
import { bundle } from './bundle';
import type { Program } from './sandbox';
import { variants } from './variants';

const half = variants.slice(6);

describe('The simulation', () => {
  let product: Program;
  beforeAll(async () => {
    product = await bundle();
  });

  it.each(half)('finds within 2,000 seeds: $name', { timeout: 900_000 }, async variant => {
    expect(await bitten(variant, product)).not.toBeNull();
  });

  it('has a variant for each of the twelve mistakes', () => {
    expect(new Set(variants.map(({ name }) => name)).size).toBe(12);
  });

  it('refuses a variant whose piece does not stand in the product any more', async () => {
    const patch = { file: 'app/repository/conclude.ts', from: 'what nobody has written', to: '' };
    await expect(bundle([patch])).rejects.toThrow('holds the piece that a variant replaces 0 times');
  });
});
