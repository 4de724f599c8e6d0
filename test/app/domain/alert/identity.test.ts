import { describe, expect, it } from 'vitest';
import { alertId, alertIdsOf, hash } from '../../../../app/domain/alert/identity';
import { failed, hosts } from './fixture';

describe('alertId', () => {
  it('is the same whatever the order of the labels', () => {
    expect(alertId('j', 1, { a: '1', b: '2' })).toBe(alertId('j', 1, { b: '2', a: '1' }));
  });

  it('differs for another job, another creation and other labels, also where joined text would be equal', () => {
    const ids = [
      alertId('j', 1, { a: '1' }),
      alertId('k', 1, { a: '1' }),
      alertId('j', 2, { a: '1' }),
      alertId('j', 1, { a: '1,b=2' }),
      alertId('j', 1, { a: '1', b: '2' }),
      alertId('j', 1, {}),
    ];
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('begins with job and creation revision', () => {
    expect(alertId('online-404', 7, {})).toMatch(/^online-404\.7\.[0-9a-f]{32}$/);
  });
});

describe('alertIdsOf', () => {
  it('names the series of an answer and the alert without labels', () => {
    const plain = alertId('j', 1, {});
    expect(alertIdsOf('j', 1, hosts({ a: 1, b: 2 }))).toEqual([
      plain,
      alertId('j', 1, { host: 'a' }),
      alertId('j', 1, { host: 'b' }),
    ]);
    expect(alertIdsOf('j', 1, failed)).toEqual([plain]);
  });
});

describe('hash', () => {
  it('depends on content, not on the order of keys, at any depth', () => {
    expect(hash({ a: { b: 1, c: [1, 2] } })).toBe(hash({ a: { c: [1, 2], b: 1 } }));
    expect(hash({ c: [1, 2] })).not.toBe(hash({ c: [2, 1] }));
    expect(hash(undefined)).not.toBe(hash(null));
  });
});
