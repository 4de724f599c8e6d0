import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { hostId } from '../../../app/cluster/hostIdentity';

const folder = mkdtempSync(path.join(tmpdir(), 'wb-host-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('hostId', () => {
  it('is the setting where there is one', () => {
    expect(hostId('shop-1', path.join(folder, 'unused'))).toBe('shop-1');
  });

  it('is the host name and random characters, kept in the data folder and the same ever after', () => {
    const dataDir = path.join(folder, 'a');
    const id = hostId(undefined, dataDir);
    expect(id).toMatch(/-[0-9a-f]{6}$/);
    expect(id.slice(0, -7)).toBe(
      hostname()
        .replace(/[^A-Za-z0-9._-]/g, '-')
        .slice(0, 40),
    );
    expect(hostId(undefined, dataDir)).toBe(id);
    expect(statSync(path.join(dataDir, 'host-id')).mode & 0o777).toBe(0o600);
  });

  it('differs between data folders, as between machines made from one image', () => {
    expect(hostId(undefined, path.join(folder, 'b'))).not.toBe(hostId(undefined, path.join(folder, 'c')));
  });
});
