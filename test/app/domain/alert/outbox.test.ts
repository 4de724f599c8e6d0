import { describe, expect, it } from 'vitest';
import { outboxLimit, withEntry } from '../../../../app/domain/alert/outbox';
import { over, Story } from './fixture';

const [firing] = new Story().at(0, over).messages;
if (firing === undefined) throw new Error('a firing alert tells');
const entry = (seq: number, kind: 'firing' | 'repeat') => ({ ...firing, seq, kind });
const full = (kind: 'firing' | 'repeat') => Array.from({ length: outboxLimit }, (_, n) => entry(n + 1, kind));

describe('withEntry', () => {
  it('adds at the end while there is room', () => {
    expect(withEntry([entry(1, 'firing')], entry(2, 'repeat')).map(({ seq }) => seq)).toEqual([1, 2]);
  });

  it('drops the oldest repeat first when it is full', () => {
    const outbox = full('firing').with(3, entry(4, 'repeat')).with(7, entry(8, 'repeat'));
    const after = withEntry(outbox, entry(99, 'firing'));
    expect(after).toHaveLength(outboxLimit);
    expect(after.map(({ seq }) => seq)).not.toContain(4);
    expect(after.map(({ seq }) => seq)).toContain(8);
    expect(after.at(-1)?.seq).toBe(99);
  });

  it('rather drops a new repeat than news', () => {
    expect(withEntry(full('firing'), entry(99, 'repeat'))).toEqual(full('firing'));
  });

  it('drops the oldest of all when nothing is a repeat', () => {
    const after = withEntry(full('firing'), entry(99, 'firing'));
    expect(after[0]?.seq).toBe(2);
    expect(after.at(-1)?.seq).toBe(99);
  });

  it('takes no entry that is for no channel', () => {
    expect(withEntry([], { ...firing, channels: [] })).toEqual([]);
  });
});
