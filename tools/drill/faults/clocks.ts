import { clocksMissing } from '../clock';
import type { Fault } from './types';

const wrongMs = 20_000;
const stepMs = 90_000;

export const clockForward = step('clock-forward', stepMs);
export const clockBack = step('clock-back', -stepMs);

/** Of all processes of one host, while they run. */
function step(name: string, offsetMs: number): Fault {
  const seconds = offsetMs / 1000;
  return {
    name,
    what: `the clock of a host steps ${seconds > 0 ? '+' : '−'}${Math.abs(seconds)} s, and back after ${wrongMs / 1000} s`,
    stage: 'clocks',
    lastsMs: wrongMs + 1000,
    missing: clocksMissing,
    async inject({ stage, random, pause }) {
      const { host, clock } = random.pick(stage.players);
      if (clock === null) throw new Error('This stage has no clocks.');
      const at = Date.now();
      clock.step(offsetMs);
      try {
        await pause(wrongMs);
      } finally {
        clock.step(0);
      }
      return { at, endAt: Date.now(), whom: host.options.hostId };
    },
  };
}
