import { beforeAll, describe, expect, it } from 'vitest';
import { bundle } from './bundle';
import { Random } from './random';
import type { Program } from './sandbox';
import { simulate } from './simulate';

const seeds = [3, 11, 42, 77];

describe('A simulated world', () => {
  let program: Program;
  beforeAll(async () => {
    program = await bundle();
  });

  it('is the same to the last event when its seed is run again, whatever ran before', {
    timeout: 900_000,
  }, async () => {
    const first = new Map<number, string>();
    for (const seed of seeds) first.set(seed, (await simulate(program, seed)).digest);
    const again = await bundle();
    for (const seed of [...seeds].reverse()) {
      expect((await simulate(program, seed)).digest).toBe(first.get(seed));
      expect((await simulate(again, seed)).digest).toBe(first.get(seed));
    }
    expect(new Set(first.values()).size).toBe(seeds.length);
  });

  it('does not change because somebody reads its steps', { timeout: 900_000 }, async () => {
    const steps: number[] = [];
    const read = await simulate(program, 5, ({ atMs }) => steps.push(atMs));
    expect(read.digest).toBe((await simulate(program, 5)).digest);
    expect(steps.length).toBeGreaterThan(1000);
    expect([...steps].sort((a, b) => a - b)).toEqual(steps);
  });

  it('draws its numbers evenly, and the same ones for the same seed', () => {
    const numbers = Array.from({ length: 10_000 }, (_, index) => new Random(index).next());
    const mean = numbers.reduce((sum, one) => sum + one, 0) / numbers.length;
    expect(mean).toBeGreaterThan(0.48);
    expect(mean).toBeLessThan(0.52);
    expect(new Random(7).fork().int(1000)).toBe(new Random(7).fork().int(1000));
  });
});
