import { Cron } from 'croner';
import { serveScheduler } from '../subject/serve';

serveScheduler({
  zones: true,
  create: fired => ({
    register(jobs) {
      for (const { index, cron, zone } of jobs) {
        // Without a zone it means the process's own, UTC, in a cheaper way.
        new Cron(cron, { timezone: zone === 'UTC' ? undefined : zone }, () => fired(index));
      }
    },
  }),
});
