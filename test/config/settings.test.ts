import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { SettingsError } from '../../app/domain/errors';
import { environmentSchema, readSettings } from '../../config/settings';

const folder = mkdtempSync(path.join(tmpdir(), 'wb-settings-'));
afterAll(() => rmSync(folder, { recursive: true }));

const least = {
  MONGODB_URL: 'mongodb://localhost/wb?replicaSet=rs0',
  WATCHBELL_SECRET_KEY: 'sixteen-or-more-characters',
};

/** The sentence that a person sees who starts with this environment. */
function refusal(environment: Record<string, string>): string {
  try {
    readSettings(environment);
  } catch (error) {
    if (error instanceof SettingsError) return error.message;
    throw error;
  }
  throw new Error('it was taken');
}

describe('readSettings', () => {
  it('needs MongoDB and a key, and has a default for everything else', () => {
    expect(readSettings(least)).toMatchObject({
      WATCHBELL_LEASE_MS: 10_000,
      WATCHBELL_RENEW_MS: 3000,
      WATCHBELL_RENEWAL_LIMIT_MS: 2500,
      WATCHBELL_SWEEP_MS: 1000,
      WATCHBELL_STANDBY_MS: 1000,
      WATCHBELL_REANNOUNCE_MS: 3000,
      WATCHBELL_MISFIRE_HORIZON_MS: 86_400_000,
      WATCHBELL_KILL_GRACE_MS: 5000,
      WATCHBELL_SKEW_MAX_MS: 5000,
      WATCHBELL_POLL_MS: 1000,
      WATCHBELL_SERVER_SELECTION_MS: 3000,
      WATCHBELL_OPERATION_MS: 3500,
      WATCHBELL_ALLOW_LOOPBACK: false,
    });
  });

  it('reads the labels of the host', () => {
    const labels = (text: string) => readSettings({ ...least, WATCHBELL_HOST_LABELS: text }).WATCHBELL_HOST_LABELS;
    expect(labels('zone=eu, disk=ssd')).toEqual({ zone: 'eu', disk: 'ssd' });
    expect(readSettings(least).WATCHBELL_HOST_LABELS).toEqual({});
    for (const text of ['zone', 'zone=', '=eu', '9=eu', 'zone=a b']) {
      expect(refusal({ ...least, WATCHBELL_HOST_LABELS: text }), text).toMatch(/WATCHBELL_HOST_LABELS must be pairs/);
    }
    expect(refusal({ ...least, WATCHBELL_HOST_LABELS: 'zone=eu,zone=us' })).toContain('names a label twice');
  });

  it('names the two ways out where MONGODB_URL is missing', () => {
    expect(refusal({})).toMatch(/MONGODB_URL=mongodb:\/\/.*"npm start"/);
  });

  it('asks for the key with MongoDB, and says how to make one', () => {
    expect(refusal({ MONGODB_URL: least.MONGODB_URL })).toMatch(/WATCHBELL_SECRET_KEY is required.*openssl rand/);
  });

  it('tells every fault at once, each with the name of its setting', () => {
    const sentence = refusal({
      ...least,
      WATCHBELL_LEASE_MS: 'soon',
      WATCHBELL_ALLOW_NETS: '10.0.0.0',
      WATCHBELL_DEFAULT_ZONE: 'Mars',
      WATCHBELL_ALLOW_LOOPBACK: 'maybe',
    });
    for (const name of [
      'WATCHBELL_LEASE_MS',
      'WATCHBELL_ALLOW_NETS',
      'WATCHBELL_DEFAULT_ZONE',
      'WATCHBELL_ALLOW_LOOPBACK',
    ]) {
      expect(sentence).toContain(name);
    }
  });

  it.each([
    ['a lease that one lost renewal would end', { WATCHBELL_LEASE_MS: '5000' }, 'WATCHBELL_LEASE_MS'],
    ['a standby after the next announcement', { WATCHBELL_STANDBY_MS: '9000' }, 'WATCHBELL_STANDBY_MS'],
    ['announcements too slow for the grace span', { WATCHBELL_REANNOUNCE_MS: '20000' }, 'WATCHBELL_REANNOUNCE_MS'],
    [
      'a search for a server that outlasts the operation',
      { WATCHBELL_SERVER_SELECTION_MS: '4000' },
      'WATCHBELL_SERVER_SELECTION_MS',
    ],
    [
      'a horizon beyond what is kept',
      { WATCHBELL_MISFIRE_HORIZON_MS: '604800000', WATCHBELL_RUN_RETENTION_DAYS: '2' },
      'WATCHBELL_MISFIRE_HORIZON_MS',
    ],
  ])('refuses %s', (_what, environment, name) => {
    expect(refusal({ ...least, ...environment })).toContain(name);
  });

  it.each(Object.keys(environmentSchema.shape).filter(name => /_(MS|DAYS|RUNS|SENDS)$/.test(name)))(
    'bounds %s on both sides, by itself',
    name => {
      for (const beyond of ['-1', '999999999999']) {
        expect(refusal({ ...least, [name]: beyond })).toMatch(new RegExp(`${name} Too (small|big)`));
      }
    },
  );

  it('takes the key from a file that only its owner can read', () => {
    const file = path.join(folder, 'key');
    writeFileSync(file, 'a-key-from-a-file-of-its-own\n', { mode: 0o600 });
    const environment = { MONGODB_URL: least.MONGODB_URL, WATCHBELL_SECRET_KEY_FILE: file };
    expect(readSettings(environment).WATCHBELL_SECRET_KEY).toBe('a-key-from-a-file-of-its-own');
    chmodSync(file, 0o644);
    expect(refusal(environment)).toContain('chmod 600');
  });
});
