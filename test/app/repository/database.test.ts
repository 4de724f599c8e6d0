import {
  type CommandStartedEvent,
  MongoCompatibilityError,
  MongoExpiredSessionError,
  MongoInvalidArgumentError,
  MongoNetworkError,
  MongoServerClosedError,
  MongoServerError,
  MongoTopologyClosedError,
} from 'mongodb';
import { afterAll, describe, expect, it } from 'vitest';
import { runModel } from '../../../app/model/run';
import { asUnavailable, Database, isAway } from '../../../app/repository/database';
import { testDatabaseUrl } from '../../support/database';

describe('what a URL asks for', () => {
  const url = new URL(testDatabaseUrl().replace(/^mongodb:/, 'http:'));
  const weak = {
    w: '1',
    journal: 'false',
    readConcernLevel: 'local',
    readPreference: 'secondary',
    retryWrites: 'false',
  };
  for (const [name, value] of Object.entries({ ...weak, monitorCommands: 'true' })) url.searchParams.set(name, value);
  const database = new Database({
    url: url.toString().replace(/^http:/, 'mongodb:'),
    name: 'unused',
    operationMs: 10_000,
    serverSelectionMs: 3000,
    appName: 'test',
  });
  const seen: CommandStartedEvent[] = [];
  database.client.on('commandStarted', event => seen.push(event));
  afterAll(async () => {
    await database.db.dropDatabase();
    await database.close();
  });

  const commandOf = (name: string) => seen.findLast(event => event.commandName === name)?.command ?? {};

  it('weakens no write and no read: each is acknowledged by a majority that has it on disk, and from the primary', async () => {
    const collection = database.collection(runModel);
    await collection.insertOne({ _id: 'a' });
    await collection.findOne({ _id: 'a' });
    expect(commandOf('insert')).toMatchObject({ writeConcern: { w: 'majority', j: true } });
    expect(commandOf('insert')['txnNumber']).toBeDefined();
    expect(commandOf('find')).toMatchObject({ readConcern: { level: 'majority' } });
    expect(commandOf('find')['$readPreference']?.mode ?? 'primary').toBe('primary');
  });

  it('weakens no transaction either', async () => {
    await database.transaction(session => database.collection(runModel).insertOne({ _id: 'b' }, { session }));
    expect(commandOf('insert')).toMatchObject({ readConcern: { level: 'snapshot' } });
    expect(commandOf('commitTransaction')).toMatchObject({ writeConcern: { w: 'majority', j: true } });
  });
});

describe('isAway', () => {
  it.each([
    new MongoNetworkError('connection closed'),
    new MongoServerClosedError('Server is closed'),
    new MongoTopologyClosedError('Topology is closed'),
    new MongoExpiredSessionError('Cannot use a session that has ended'),
    new MongoCompatibilityError('Current topology does not support sessions'),
    new MongoServerError({ message: 'not primary', code: 10107 }),
    new MongoServerError({ message: 'node is shutting down', code: 91 }),
  ])('takes $name ($message) for MongoDB being away', error => {
    expect(isAway(error)).toBe(true);
    expect(asUnavailable(error)).toMatchObject({ status: 503 });
  });

  it.each([
    new MongoServerError({ message: 'duplicate key', code: 11000 }),
    new MongoInvalidArgumentError('a fault of the program'),
    new MongoCompatibilityError('Snapshot reads require MongoDB 5.0 or later'),
    new Error('connection closed'),
  ])('takes $name ($message) for what it is', error => {
    expect(isAway(error)).toBe(false);
    expect(asUnavailable(error)).toBe(error);
  });
});
