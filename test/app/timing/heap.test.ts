import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Heap } from '../../../app/timing/heap';

describe('Heap', () => {
  it('answers entries in the order of their time, whatever was added and deleted before', () => {
    const steps = fc.array(fc.tuple(fc.integer({ min: 0, max: 30 }), fc.option(fc.integer({ min: 0, max: 1000 }))), {
      maxLength: 200,
    });
    fc.assert(
      fc.property(steps, script => {
        const heap = new Heap<{ at: number; position: number }>();
        const model = new Map<number, { at: number; position: number }>();
        for (const [id, at] of script) {
          const known = model.get(id);
          if (known !== undefined) expect(heap.delete(known)).toBe(true);
          if (known !== undefined) expect(heap.delete(known)).toBe(false);
          model.delete(id);
          if (at === null) continue;
          const entry = { at, position: -1 };
          heap.add(entry);
          model.set(id, entry);
        }
        expect(heap.size).toBe(model.size);
        const popped: number[] = [];
        for (let top = heap.pop(); top !== undefined; top = heap.pop()) popped.push(top.at);
        expect(popped).toEqual([...model.values()].map(({ at }) => at).sort((a, b) => a - b));
      }),
    );
  });
});
