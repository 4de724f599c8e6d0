import { schedule } from 'node-cron';
import { serveScheduler } from '../subject/serve';

serveScheduler({
  zones: true,
  create: fired => ({
    register(jobs) {
      for (const { index, cron, zone } of jobs) {
        schedule(cron, () => fired(index), { timezone: zone, suppressMissedWarning: true });
      }
    },
  }),
});
