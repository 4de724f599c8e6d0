import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Heap } from '../../../app/timing/heap';

describe('Heap', () => {
  it('answers entries in the order of their time, whatever was inserted, moved and deleted before', () => {
    const steps = fc.array(fc.tuple(fc.integer({ min: 0, max: 30 }), fc.option(fc.integer({ min: 0, max: 1000 }))), {
      maxLength: 200,
    });
    fc.assert(
      fc.property(steps, script => {
        const heap = new Heap<number>();
        const model = new Map<string, number>();
        for (const [id, at] of script) {
          const key = `k${id}`;
          if (at === null) {
            expect(heap.delete(key)).toBe(model.delete(key));
          } else {
            heap.set(key, at, at);
            model.set(key, at);
          }
        }
        expect(heap.size).toBe(model.size);
        const popped: number[] = [];
        for (let top = heap.pop(); top !== undefined; top = heap.pop()) {
          expect(model.get(top.key)).toBe(top.at);
          popped.push(top.at);
        }
        expect(popped).toEqual([...model.values()].sort((a, b) => a - b));
      }),
    );
  });

  it('keeps one entry a key: an update leaves nothing of the old time', () => {
    const heap = new Heap<string>();
    heap.set('job', 10, 'old');
    heap.set('job', 20, 'new');
    expect(heap.pop()).toEqual({ key: 'job', at: 20, value: 'new' });
    expect(heap.pop()).toBeUndefined();
  });
});
