import { describe, expect, it } from 'vitest';
import { decideFold } from '../../../../app/domain/delivery/fold';
import type { MessageKind } from '../../../../app/domain/message/types';

type Row = [string, MessageKind, boolean, string | null, MessageKind | null, string];

const table: Row[] = [
  ['the newest firing is sent', 'firing', false, null, null, 'send'],
  ['a firing with a newer message gives way to it', 'firing', false, 'a:9:c', null, 'folded by a:9:c'],
  ['a resolved with a newer message gives way to it', 'resolved', false, 'a:9:c', 'firing', 'folded by a:9:c'],
  ['what may have arrived stays uncertain when a newer message stands', 'firing', true, 'a:9:c', null, 'uncertain'],
  ['a resolved after a told firing is sent', 'resolved', false, null, 'firing', 'send'],
  ['a resolved after a told noData is sent', 'resolved', false, null, 'noData', 'send'],
  ['a resolved after a told error is sent', 'resolved', false, null, 'error', 'send'],
  ['a resolved after a told repeat is sent', 'resolved', false, null, 'repeat', 'send'],
  ['a resolved of which no trouble was told is folded', 'resolved', false, null, null, 'folded by null'],
  ['a resolved whose last word was "resolved" is folded', 'resolved', false, null, 'resolved', 'folded by null'],
  ['a resolved that may have been told is completed', 'resolved', true, null, null, 'send'],
  ['an error is sent though nothing was told before', 'error', false, null, 'resolved', 'send'],
];

describe('folding a delivery', () => {
  for (const [name, kind, maybeTold, newestId, lastTold, expected] of table) {
    it(name, () => {
      const decision = decideFold({ kind, maybeTold }, { newestId, lastTold, historyComplete: true });
      const shown = decision?.to === 'folded' ? `folded by ${decision.supersededBy}` : (decision?.to ?? 'send');
      expect(shown).toBe(expected);
    });
  }

  it('sends a resolved when its trouble is older than the history', () => {
    const neighbours = { newestId: null, lastTold: null, historyComplete: false };
    expect(decideFold({ kind: 'resolved', maybeTold: false }, neighbours)).toBeNull();
  });
});
