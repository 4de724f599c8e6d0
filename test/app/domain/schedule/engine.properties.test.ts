import { describe, it } from 'vitest';
import { countLikeWalk, holdPromises } from './proof/properties';

const seed = 20_261_121;
/** Gaps and repetitions of every kind: at night, at midnight, of half an hour, of two hours, and the other way round. */
const zones = [
  'UTC',
  'America/New_York',
  'America/Santiago',
  'Australia/Lord_Howe',
  'Asia/Beirut',
  'Africa/Casablanca',
  'Africa/Cairo',
  'Antarctica/Troll',
  'Europe/Dublin',
  'Asia/Gaza',
  'America/Nuuk',
];

describe('any schedule in any zone', () => {
  it(
    'loses no instant and makes none up, forwards and backwards, wherever it is asked from',
    () => holdPromises({ zones, runs: 30_000, seed }),
    60_000,
  );

  it('counts as many instants as a walk finds', () => countLikeWalk({ zones, runs: 1_500, seed }), 60_000);
});
