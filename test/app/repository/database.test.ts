import {
  MongoCompatibilityError,
  MongoExpiredSessionError,
  MongoInvalidArgumentError,
  MongoNetworkError,
  MongoServerClosedError,
  MongoServerError,
  MongoTopologyClosedError,
} from 'mongodb';
import { describe, expect, it } from 'vitest';
import { asUnavailable, isAway } from '../../../app/repository/database';

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
