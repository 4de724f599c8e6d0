import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Bucketed, Buckets } from '../../../app/timing/buckets';

class Entry implements Bucketed<Entry> {
  bucket: Bucketed<Entry>['bucket'] = null;
  before: Entry | null = null;
  after: Entry | null = null;
  constructor(readonly id: number) {}
}

describe('Buckets', () => {
  it('answers entries by their instant, those of one instant in the order in which they came', () => {
    const steps = fc.array(fc.tuple(fc.integer({ min: 0, max: 30 }), fc.option(fc.integer({ min: 0, max: 8 }))), {
      maxLength: 200,
    });
    fc.assert(
      fc.property(steps, script => {
        const buckets = new Buckets<Entry>();
        const entries = Array.from({ length: 31 }, (_, id) => new Entry(id));
        let model: { id: number; at: number }[] = [];
        for (const [id, at] of script) {
          const entry = entries[id] ?? new Entry(id);
          expect(buckets.delete(entry)).toBe(model.some(one => one.id === id));
          model = model.filter(one => one.id !== id);
          if (at === null) continue;
          buckets.add(entry, at);
          model.push({ id, at });
        }
        expect(buckets.size).toBe(model.length);
        const taken: number[] = [];
        for (let at = buckets.firstAt; Number.isFinite(at); at = buckets.firstAt)
          taken.push(buckets.take(at)?.id ?? -1);
        expect(taken).toEqual([...model].sort((a, b) => a.at - b.at).map(({ id }) => id));
        expect(buckets.size).toBe(0);
      }),
    );
  });

  it('takes nothing whose instant has not come', () => {
    const buckets = new Buckets<Entry>();
    buckets.add(new Entry(1), 1000);
    expect(buckets.take(999)).toBeNull();
    expect(buckets.take(1000)?.id).toBe(1);
  });
});
