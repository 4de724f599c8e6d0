import { describe, expect, it } from 'vitest';
import { hostState, memberState, type SeenProcess, stopsSince } from '../../../../app/domain/cluster/hostState';

const at = new Date('2026-11-21T01:00:00Z');
const later = new Date('2026-11-21T01:00:01Z');
const agent: SeenProcess = { role: 'agent', state: 'live', suspended: false };
const worker: SeenProcess = { role: 'worker', state: 'live', suspended: false };

describe('the state of a member', () => {
  it('is what most asks for a hand: dead before suspended before draining before live', () => {
    const worst: SeenProcess = { ...worker, state: 'dead', suspended: true, drainingAt: at };
    expect(memberState(worst, true)).toBe('dead');
    expect(memberState({ ...worst, state: 'live' }, true)).toBe('suspended');
    expect(memberState(worker, true)).toBe('draining');
    expect(memberState({ ...worker, drainingAt: at }, false)).toBe('draining');
    expect(memberState(worker, false)).toBe('live');
  });
});

describe('the state of a host', () => {
  it('is live with an agent and a worker, and incomplete with one of them only', () => {
    expect(hostState([agent, worker], false)).toBe('live');
    expect(hostState([agent], false)).toBe('incomplete');
    expect(hostState([worker, { ...agent, state: 'dead' }], false)).toBe('incomplete');
  });

  it('is dead or suspended although it is drained: draining says then only that it takes no share afterwards', () => {
    expect(hostState([{ ...agent, state: 'dead' }], true)).toBe('dead');
    expect(hostState([], true)).toBe('dead');
    expect(hostState([agent, { ...worker, suspended: true }], true)).toBe('suspended');
    expect(hostState([agent, worker], true)).toBe('draining');
  });

  it('is draining when each of its workers ends, and not when one of several does', () => {
    const ending = { ...worker, drainingAt: later };
    expect(hostState([agent, ending, { ...worker, drainingAt: at }], false)).toBe('draining');
    expect(stopsSince([agent, ending, { ...worker, drainingAt: at }])).toEqual(at);
    expect(hostState([agent, ending, worker], false)).toBe('live');
    expect(hostState([agent, { ...ending, state: 'dead' }, worker], false)).toBe('live');
  });
});
