import { describe, expect, it } from 'vitest';
import { type AlertNow, decideRelease } from '../../../../app/domain/delivery/release';
import type { MessageKind } from '../../../../app/domain/message/types';

type Row = [MessageKind, AlertNow, MessageKind | null, boolean];

const table: Row[] = [
  ['firing', 'firing', null, true],
  ['repeat', 'firing', 'firing', true],
  ['noData', 'noData', null, true],
  ['error', 'error', null, true],
  ['firing', 'ok', null, false],
  ['firing', 'pending', null, false],
  ['firing', null, null, false],
  ['repeat', 'ok', 'firing', false],
  ['noData', 'firing', null, true],
  ['noData', 'firing', 'firing', false],
  ['resolved', 'ok', 'firing', true],
  ['resolved', 'ok', 'noData', true],
  ['resolved', 'ok', null, false],
  ['resolved', 'ok', 'resolved', false],
  ['resolved', null, 'firing', true],
];

describe('the end of a mute', () => {
  for (const [kind, alert, lastTold, expected] of table) {
    it(`${expected ? 'sends' : 'drops'} a held ${kind} when the alert is ${alert ?? 'gone'} and ${lastTold ?? 'nothing'} was told before`, () => {
      expect(decideRelease(kind, alert, { newestId: null, lastTold, historyComplete: true })).toBe(expected);
    });
  }

  it('drops what a newer message has overtaken', () => {
    expect(decideRelease('firing', 'firing', { newestId: 'a:2:c', lastTold: null, historyComplete: true })).toBe(false);
  });
});
