import type { Fault } from './types';

const eachMs = 20_000;
const hosts = 2;
/** A supervisor looks whether the host works before it takes the next. */
const restMs = 2000;

export const rollingRestart: Fault = {
  name: 'rolling-restart',
  what: 'SIGTERM to one host after the other, each started again',
  stage: 'plain',
  lastsMs: eachMs * hosts,
  async inject({ stage, pause }) {
    const at = Date.now();
    for (const { host } of stage.players) {
      await host.stop();
      await host.start();
      await pause(restMs);
    }
    return { at, endAt: Date.now(), whom: 'every host' };
  },
};
