import { schedule } from 'node-cron';
import { serveScheduler } from '../subject/serve';

serveScheduler({
  zones: true,
  create: fired => ({
    register(jobs) {
      for (const { index, cron, zone } of jobs) {
        // Without a zone it means the process's own, UTC, in a cheaper way.
        const timezone = zone === 'UTC' ? undefined : zone;
        schedule(cron, () => fired(index), { timezone, suppressMissedWarning: true });
      }
    },
  }),
});
