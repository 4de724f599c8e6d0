import { describe, expect, it } from 'vitest';
import { bundle } from './bundle';
import { firstViolation, seedsOf } from './simulate';
import { variants } from './variants';

describe('The simulation', () => {
  // The seed that found it last comes first: only where the product or the weather has changed the others are needed.
  it.each(variants.filter(one => one.foundBy > 0))(
    'finds within 2,000 seeds: $name',
    { timeout: 600_000 },
    async ({ patches, foundBy, finds }) => {
      const program = await bundle(patches);
      const found =
        (await firstViolation(program, [foundBy], finds)) ?? (await firstViolation(program, seedsOf(1, 2000), finds));
      expect(found).not.toBeNull();
      expect(await firstViolation(await bundle(), [found?.seed ?? 0], finds)).toBeNull();
    },
  );

  it('refuses a variant whose piece does not stand in the product any more', async () => {
    const patch = { file: 'app/repository/conclude.ts', from: 'what nobody has written', to: '' };
    await expect(bundle([patch])).rejects.toThrow('holds the piece that a variant replaces 0 times');
  });
});
