import { describe, expect, it } from 'vitest';
import {
  absenceNotTold,
  absenceTold,
  absenceToTell,
  absenceTrouble,
  noAbsence,
  repeatMs,
} from '../../../../app/domain/selfWatch/away';
import { retryMs } from '../../../../app/domain/selfWatch/retry';

const limits = (rank: number) => ({ alertAfterMs: 60_000, rank });

describe('MongoDB that is away', () => {
  it('is told after the span, by host k after k times 20 s more', () => {
    const absence = noAbsence(1000);
    expect(absenceToTell(absence, 60_999, limits(0))).toBe(false);
    expect(absenceToTell(absence, 61_000, limits(0))).toBe(true);
    expect(absenceToTell(absence, 100_999, limits(2))).toBe(false);
    expect(absenceToTell(absence, 101_000, limits(2))).toBe(true);
  });

  it('is told once, and again each hour that it lasts', () => {
    const told = absenceTold(noAbsence(0), 61_000);
    expect(told).toMatchObject({ told: 1, toldMs: 61_000 });
    expect(absenceToTell(told, 61_000 + repeatMs - 1, limits(0))).toBe(false);
    expect(absenceToTell(told, 61_000 + repeatMs, limits(0))).toBe(true);
  });

  it('is tried again after a pause that grows up to a bound', () => {
    const failed = absenceNotTold(noAbsence(0), 60_000);
    expect(absenceToTell(failed, 64_999, limits(0))).toBe(false);
    expect(absenceToTell(failed, 65_000, limits(0))).toBe(true);
    expect([1, 2, 3, 8, 100].map(retryMs)).toEqual([5000, 10_000, 20_000, 600_000, 600_000]);
  });

  it('is told with the host that misses it and what the driver said', () => {
    const trouble = absenceTrouble('a', new Date(0), 'connect ECONNREFUSED 10.0.0.1:27017');
    expect(trouble.sentence).toContain('Host a cannot renew its lease with MongoDB (connect ECONNREFUSED');
  });
});
