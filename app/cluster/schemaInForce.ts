import { errorFields, type Log } from '../domain/log';
import { oldestWritable, schemaVersion } from '../model/schemaVersion';
import type { Database } from '../repository/database';
import { SchemaVersions } from '../repository/schemaVersions';
import type { WrittenSchema } from '../repository/versioned';
import type { Member } from './member';

export interface SchemaFollower {
  database: Database;
  member: Member;
  log: Log;
  /** Called with a sentence where others write what this build cannot read. */
  refuse(sentence: string): void;
}

/** From now on the process of this member writes in the newest form that all live members know. */
export function followSchema({ database, member, log, refuse }: SchemaFollower): void {
  const schema = new SchemaInForce(new SchemaVersions(database), database.written, log);
  member.on({
    renewed: () => void schema.look(),
    refused: error => {
      log.error('member.refused', errorFields(error));
      refuse(error.message);
    },
  });
}

/**
 * Decides in which form this process writes: the newest as soon as every live member knows it, the one before as long as
 * one does not. Looked at with each renewal. Safe in the order of its steps: a member registers before it reads what may
 * have been written, and here that is announced before the members are looked at for the last time.
 */
export class SchemaInForce {
  private looking: Promise<void> | null = null;

  constructor(
    private readonly versions: Pick<SchemaVersions, 'anyLiveBelow' | 'announce'>,
    private readonly written: WrittenSchema,
    private readonly log: Log,
  ) {}

  /** Several callers share one look. A look that fails changes nothing: the next renewal brings another. */
  async look(): Promise<void> {
    // Nothing to decide: this build knows one form only.
    if (oldestWritable === schemaVersion) return;
    this.looking ??= this.decide()
      .catch((error: unknown) => this.log.warn('schema.lookFailed', errorFields(error)))
      .finally(() => {
        this.looking = null;
      });
    await this.looking;
  }

  private async decide(): Promise<void> {
    if (await this.versions.anyLiveBelow(schemaVersion)) return this.write(oldestWritable);
    if (this.written.version === schemaVersion) return;
    await this.versions.announce(schemaVersion);
    if (!(await this.versions.anyLiveBelow(schemaVersion))) this.write(schemaVersion);
  }

  private write(version: number): void {
    if (this.written.version === version) return;
    this.written.version = version;
    this.log.info('schema.inForce', { version, known: schemaVersion });
  }
}
