import WorkerStrategy from 'egg-schedule/lib/strategy/worker';
import { serveScheduler } from '../subject/serve';

const silent = { debug() {}, info() {}, warn: console.warn, error: console.error };

serveScheduler({
  zones: true,
  create(fired) {
    // What the strategies ask of Egg's agent; a fire ends where the agent would send it to a worker.
    const agent = {
      schedule: { closed: false },
      getLogger: () => silent,
      messenger: { sendRandom: (_action: string, { key }: { key: string }) => fired(Number(key)) },
    };
    return {
      register(jobs) {
        for (const { index, cron, zone } of jobs) {
          // Without a zone it means the process's own, UTC, in a far cheaper way.
          const cronOptions = zone === 'UTC' ? {} : { tz: zone };
          new WorkerStrategy({ cron, cronOptions }, agent, String(index)).start();
        }
      },
    };
  },
});
