import { beforeEach, describe, expect, it, vi } from 'vitest';
import { SchemaInForce } from '../../../app/cluster/schemaInForce';
import { memberModel } from '../../../app/model/member';
import { counterModel } from '../../../app/model/token';
import { SchemaVersions } from '../../../app/repository/schemaVersions';
import { useDatabase } from '../../support/database';
import { RecordedLog } from '../../support/log';
import { memberOf } from '../../support/members';

/** As a build would be that is one newer than this one. */
vi.mock('../../../app/model/schemaVersion', async original => ({
  ...(await original<typeof import('../../../app/model/schemaVersion')>()),
  schemaVersion: 2,
}));

const { database } = useDatabase();
const versions = new SchemaVersions(database);
const members = database.collection(memberModel);

beforeEach(async () => {
  await Promise.all([members.deleteMany({}), database.collection(counterModel).deleteMany({})]);
  database.written.version = 1;
});

function inForce(over: Partial<SchemaVersions> = {}): SchemaInForce {
  const ports = {
    anyLiveBelow: (version: number) => versions.anyLiveBelow(version),
    announce: (version: number) => versions.announce(version),
    ...over,
  };
  return new SchemaInForce(ports, database.written, new RecordedLog());
}

const live = (_id: string, schema?: number) => members.insertOne({ _id, state: 'live', ...(schema && { schema }) });

describe('a member that knows one schema more', () => {
  it('writes the older one as long as a live member knows no more', async () => {
    await live('old', 1);
    await live('new', 2);
    await inForce().look();
    expect(database.written.version).toBe(1);
    expect(await versions.newestWritten()).toBe(1);
  });

  it('takes a member that says nothing of its schema for one of the first', async () => {
    await live('first');
    await inForce().look();
    expect(database.written.version).toBe(1);
  });

  it('writes the new one when the last old member is gone, and has said so before', async () => {
    await live('new', 2);
    await members.insertOne({ _id: 'old', state: 'dead', schema: 1 });
    await inForce().look();
    expect(database.written.version).toBe(2);
    expect(await versions.newestWritten()).toBe(2);
  });

  it('goes back to the older one when an old member joins, and the newest that was written stays known', async () => {
    await live('new', 2);
    const schema = inForce();
    await schema.look();
    await live('old', 1);
    await schema.look();
    expect(database.written.version).toBe(1);
    expect(await versions.newestWritten()).toBe(2);
  });

  it('does not move on past an old member that joined while it announced', async () => {
    await live('new', 2);
    const announce = async (version: number) => {
      await versions.announce(version);
      await live('old', 1);
    };
    await inForce({ announce }).look();
    expect(database.written.version).toBe(1);
  });

  it('leaves everything as it is where MongoDB does not answer', async () => {
    database.written.version = 2;
    await inForce({ anyLiveBelow: async () => Promise.reject(new Error('away')) }).look();
    expect(database.written.version).toBe(2);
  });
});

describe('a process that joins', () => {
  it('is no member where what was written is too new for it, and says so once', async () => {
    await versions.announce(4);
    const { member } = memberOf(database);
    const refused: string[] = [];
    member.on({ refused: error => refused.push(error.message) });
    await member.renew();
    expect(member.valid).toBe(false);
    expect(refused).toEqual([
      expect.stringMatching(/schema of the database is 4.*up to 2.*docs\/guide\/upgrading\.md/),
    ]);
  });

  it('stands before it looks: whoever moves on later sees it', async () => {
    const { member } = memberOf(database);
    const seen: boolean[] = [];
    const looked = vi.spyOn(SchemaVersions.prototype, 'assertReadable').mockImplementation(async () => {
      seen.push(await versions.anyLiveBelow(9));
    });
    await member.renew();
    looked.mockRestore();
    expect(seen).toEqual([true]);
    expect(member.valid).toBe(true);
  });
});
