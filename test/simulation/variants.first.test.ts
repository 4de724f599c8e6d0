import { beforeAll, describe, expect, it } from 'vitest';
import { bitten } from './biting';
import { bundle } from './bundle';
import type { Program } from './sandbox';
import { variants } from './variants';

const half = variants.slice(0, 6);

describe('The simulation', () => {
  let product: Program;
  beforeAll(async () => {
    product = await bundle();
  });

  it.each(half)('finds within 2,000 seeds: $name', { timeout: 900_000 }, async variant => {
    expect(await bitten(variant, product)).not.toBeNull();
  });
});
