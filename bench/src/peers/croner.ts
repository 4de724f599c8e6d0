import { Cron } from 'croner';
import { serveScheduler } from '../subject/serve';

serveScheduler({
  zones: true,
  create: fired => ({
    register(jobs) {
      for (const { index, cron, zone } of jobs) new Cron(cron, { timezone: zone }, () => fired(index));
    },
  }),
});
