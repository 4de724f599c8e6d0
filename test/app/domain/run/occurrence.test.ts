import { describe, expect, it } from 'vitest';
import { hostRank, occurrenceId } from '../../../../app/domain/run/occurrence';

const hosts = ['a', 'b', 'c', 'd'];
const keys = Array.from({ length: 4000 }, (_, index) => occurrenceId('job', new Date(index * 1000)));

describe('occurrenceId', () => {
  it('is the same wherever and whenever it is computed', () => {
    expect(occurrenceId('online-404', new Date('2026-11-21T01:10:00Z'))).toBe('online-404@2026-11-21T01:10:00.000Z');
  });
});

describe('hostRank', () => {
  it('gives every host its own place for each occurrence', () => {
    for (const key of keys.slice(0, 100)) {
      expect(hosts.map(host => hostRank(key, hosts, host)).sort()).toEqual([0, 1, 2, 3]);
    }
  });

  it('spreads occurrences over the hosts evenly', () => {
    for (const host of hosts) {
      const share = keys.filter(key => hostRank(key, hosts, host) === 0).length / keys.length;
      expect(share).toBeGreaterThan(0.2);
      expect(share).toBeLessThan(0.3);
    }
  });

  it('moves only the share of a host that leaves', () => {
    const left = hosts.filter(host => host !== 'c');
    for (const key of keys) {
      const before = hosts.find(host => hostRank(key, hosts, host) === 0);
      const after = left.find(host => hostRank(key, left, host) === 0);
      if (before !== 'c') expect(after).toBe(before);
    }
  });

  it('puts a host that is not among the live ones behind those it loses to', () => {
    expect(keys.some(key => hostRank(key, ['a', 'b'], 'z') === 2)).toBe(true);
  });
});
