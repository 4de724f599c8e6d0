import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { assertSha256 } from '../../src/resolve/checksum';

it('takes a file by its SHA-256 and refuses every other', async () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'wb-sum-'));
  const file = path.join(folder, 'file');
  writeFileSync(file, 'abc');
  const sum = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
  await assertSha256(file, ['0'.repeat(64), sum]);
  writeFileSync(file, 'abd');
  await expect(assertSha256(file, [sum])).rejects.toThrow(/wrong checksum \(sha256 [0-9a-f]{64}\) and was thrown away/);
  rmSync(folder, { recursive: true });
});
