import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { StepFailed } from '../errors';

/** SHA-256 of a file, in hexadecimal. */
async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}

/** Throws StepFailed where the file is not one of those expected. */
export async function assertSha256(file: string, expected: readonly string[]): Promise<void> {
  const actual = await sha256Of(file);
  if (expected.includes(actual)) return;
  throw new StepFailed(`the downloaded file has the wrong checksum (sha256 ${actual}) and was thrown away`);
}
