import { memberModel } from '../model/member';
import { assertReadable } from '../model/schemaVersion';
import { counterModel } from '../model/token';
import { type Database, primaryMajority } from './database';

const schemaId = 'schema';

/** What stands in the database about schema versions: the newest that may have been written, and what members read. */
export class SchemaVersions {
  private readonly counters;
  private readonly members;

  constructor(database: Database) {
    this.counters = database.collection(counterModel);
    this.members = database.collection(memberModel);
  }

  /** The newest form that anything in the database may have; 1 before any other was written. */
  async newestWritten(): Promise<number> {
    const stored = await this.counters.findOne({ _id: schemaId }, primaryMajority);
    return stored === null ? 1 : counterModel.schema.parse(stored).value;
  }

  /** Throws SchemaVersionError where this build cannot read what may be stored. */
  async assertReadable(): Promise<void> {
    assertReadable(await this.newestWritten(), 'the database');
  }

  /** Says that this form will be written; before anything is. */
  async announce(version: number): Promise<void> {
    await this.counters.updateOne({ _id: schemaId }, { $max: { value: version } }, { upsert: true });
  }

  /** Whether a live member knows only an older form. */
  async anyLiveBelow(version: number): Promise<boolean> {
    const older = [null, ...Array.from({ length: version - 1 }, (_, index) => index + 1)];
    const member = { state: 'live', schema: { $in: older } };
    return (await this.members.findOne(member, { ...primaryMajority, projection: { _id: 1 } })) !== null;
  }
}
