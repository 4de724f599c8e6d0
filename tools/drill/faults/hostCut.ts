import type { Fault } from './types';

const cutMs = 30_000;

export const hostCut: Fault = {
  name: 'host-cut',
  what: `a host cut off from MongoDB for ${cutMs / 1000} s`,
  stage: 'networks',
  lastsMs: cutMs + 1000,
  async inject({ stage, random, pause }) {
    const { host, network } = random.pick(stage.players);
    if (network === null) throw new Error('This stage has no networks.');
    const at = Date.now();
    network.cut();
    try {
      await pause(cutMs);
    } finally {
      network.mend();
    }
    return { at, endAt: Date.now(), whom: host.options.hostId };
  },
};
