import { describe, expect, it } from 'vitest';
import { afterLoss, maxLost } from '../../../../app/domain/run/lost';

const startedAt = new Date();

describe('afterLoss', () => {
  it('starts a run elsewhere, uncounted, that had not started', () => {
    expect(afterLoss({ onLost: 'close', startedAt: null, lostCount: 0 })).toEqual({ action: 'restart', lostCount: 0 });
  });

  it('runs a `retry` run again and counts it', () => {
    expect(afterLoss({ onLost: 'retry', startedAt, lostCount: 1 })).toEqual({ action: 'restart', lostCount: 2 });
  });

  it('never runs a started `close` run again', () => {
    expect(afterLoss({ onLost: 'close', startedAt, lostCount: 0 })).toEqual({ action: 'close' });
  });

  it('gives up a run that took down its member each time', () => {
    expect(afterLoss({ onLost: 'retry', startedAt, lostCount: maxLost })).toEqual({ action: 'close' });
  });

  it('runs nothing again that somebody has asked to end', () => {
    const asked = { cancelRequestedAt: startedAt, lostCount: 0 };
    expect(afterLoss({ ...asked, onLost: 'retry', startedAt })).toEqual({ action: 'cancel' });
    expect(afterLoss({ ...asked, onLost: 'close', startedAt: null })).toEqual({ action: 'cancel' });
  });
});
