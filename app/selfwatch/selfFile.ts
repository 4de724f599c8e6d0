import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { errorFields, type Log } from '../domain/log';
import type { Sealer } from './types';

const place = 'file/selfChannel';
const outer = z.object({ version: z.literal(1), sealed: z.string() });
const keptSchema = z.object({
  channel: z.object({ kind: z.string(), revision: z.number().int(), settings: z.record(z.string(), z.unknown()) }),
  /** The last known live hosts, in their order. */
  hosts: z.array(z.string()),
  /** What a person was told of MongoDB's absence and not yet of its end. */
  absence: z.object({ since: z.coerce.date(), toldAt: z.coerce.date(), told: z.number().int() }).nullable(),
});

export type KeptChannel = z.output<typeof keptSchema>['channel'];
export type Kept = z.output<typeof keptSchema>;

/** What this host needs to ring without MongoDB: one file, readable by its owner only, sealed as a whole. */
export class SelfFile {
  private written: string | null = null;

  constructor(
    private readonly file: string,
    private readonly sealer: Sealer,
    private readonly log: Log,
  ) {}

  /** null where there is none, or one of another key or shape: it is written anew once MongoDB answers. */
  async read(): Promise<Kept | null> {
    try {
      const { sealed } = outer.parse(JSON.parse(await readFile(this.file, 'utf8')));
      return keptSchema.parse(JSON.parse(this.sealer.open(sealed, place)));
    } catch (error) {
      if (!isMissing(error)) this.log.warn('selfWatch.fileUnreadable', errorFields(error));
      return null;
    }
  }

  /** Writes where anything has changed since this process wrote last: whole or not at all. */
  async write(kept: Kept): Promise<void> {
    const text = JSON.stringify(kept);
    if (text === this.written) return;
    const draft = `${this.file}.${process.pid}.${randomBytes(3).toString('hex')}`;
    await mkdir(path.dirname(this.file), { recursive: true, mode: 0o700 });
    try {
      const line = JSON.stringify({ version: 1, sealed: this.sealer.seal(text, place) });
      await writeFile(draft, `${line}\n`, { mode: 0o600 });
      await chmod(draft, 0o600);
      await rename(draft, this.file);
    } finally {
      await rm(draft, { force: true });
    }
    this.written = text;
  }

  async remove(): Promise<void> {
    await rm(this.file, { force: true });
    this.written = null;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
