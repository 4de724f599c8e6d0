import { expect, it } from 'vitest';
import { LocalWorkers } from '../../../app/timing/localWorkers';

function workers(...pids: number[]): LocalWorkers {
  const local = new LocalWorkers();
  local.listed(pids);
  return local;
}

it('gives no work to a worker that ends, and goes on with the others', () => {
  const local = workers(1, 2);
  local.ends(1);
  expect(local.lasting).toEqual([2]);
  expect(local.allEnd).toBe(false);
});

it('takes the server for one that is being stopped when each of its workers ends', () => {
  const local = workers(1, 2);
  local.ends(1);
  local.ends(2);
  expect(local.lasting).toEqual([]);
  expect(local.allEnd).toBe(true);
});

it('goes on with the worker that the master makes in place of one that ended alone, the only one too', () => {
  const local = workers(1);
  local.ends(1);
  expect(local.allEnd).toBe(true);
  local.listed([]);
  expect(local.allEnd).toBe(false);
  local.listed([7]);
  expect(local.lasting).toEqual([7]);
});

it('does not hold against a worker what an earlier one of the same pid has said', () => {
  const local = workers(1, 2);
  local.ends(1);
  local.listed([2]);
  local.listed([1, 2]);
  expect(local.lasting).toEqual([1, 2]);
});
