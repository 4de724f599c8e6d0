import { clocksMissing } from '../clock';
import type { Fault } from './types';

const awayMs = 5000;
const restartMs = 5000;
const electionMs = 12_000;
/** Longer than the lease: every member loses it, and all settle at once what they had. */
const silentMs = 12_000;
const wrongMs = 20_000;
const stepMs = 60_000;

export const mongodKill: Fault = {
  name: 'mongod-kill',
  what: `kill -9 of mongod, started again after ${awayMs / 1000} s`,
  stage: 'plain',
  lastsMs: awayMs + restartMs,
  async inject({ stage, pause }) {
    const at = Date.now();
    await stage.mongod.kill();
    await pause(awayMs);
    await stage.mongod.restart();
    return { at, endAt: Date.now(), whom: 'mongod' };
  },
};

export const mongodStop: Fault = {
  name: 'mongod-stop',
  what: `mongod says nothing for ${silentMs / 1000} s (SIGSTOP): longer than any lease`,
  stage: 'plain',
  lastsMs: silentMs + 1000,
  mongodbAwayMs: silentMs,
  async inject({ stage, pause }) {
    const at = Date.now();
    try {
      await stage.mongod.pause();
      await pause(silentMs);
    } finally {
      stage.mongod.resume();
    }
    return { at, endAt: Date.now(), whom: 'mongod' };
  },
};

export const stepDown: Fault = {
  name: 'step-down',
  what: 'the primary of three nodes steps down',
  stage: 'replicaSet',
  lastsMs: electionMs,
  async inject({ stage }) {
    const at = Date.now();
    const next = await stage.replicaSet.stepDown();
    return { at, endAt: Date.now(), whom: `127.0.0.1:${next.port} is the next primary` };
  },
};

/** No host may believe it: each is past its bound to MongoDB's clock, and waits until the clock is right again. */
export const mongodClock: Fault = {
  name: 'mongod-clock',
  what: `mongod's clock goes ${stepMs / 1000} s fast for ${wrongMs / 1000} s`,
  stage: 'clocks',
  lastsMs: wrongMs + 1000,
  missing: clocksMissing,
  async inject({ stage, pause }) {
    const at = Date.now();
    stage.mongodClock.step(stepMs);
    try {
      await pause(wrongMs);
    } finally {
      stage.mongodClock.step(0);
    }
    return { at, endAt: Date.now(), whom: 'mongod' };
  },
};
