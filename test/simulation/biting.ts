import { bundle } from './bundle';
import type { Program } from './sandbox';
import { seedsOf, simulate } from './simulate';
import type { Variant } from './variants';

/**
 * A seed whose world breaks what this variant breaks, and is whole without it; null where there is none in 1..2000. The
 * seeds that found it last come first: only where the product or the weather has changed the others are needed.
 */
export async function bitten({ patches, foundBy, finds }: Variant, product: Program): Promise<number | null> {
  const program = await bundle(patches);
  for (const seeds of [foundBy, seedsOf(1, 2000)]) {
    for (const seed of seeds) {
      const [first] = (await simulate(program, seed)).violations;
      if (first === undefined || !finds.includes(first.property)) continue;
      const { violations } = await simulate(product, seed);
      if (violations.length === 0) return seed;
    }
  }
  return null;
}
