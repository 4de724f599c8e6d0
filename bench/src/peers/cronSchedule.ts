import { parseCronExpression } from 'cron-schedule';
import { TimerBasedCronScheduler } from 'cron-schedule/schedulers/timer-based.js';
import { serveScheduler } from '../subject/serve';

serveScheduler({
  zones: false,
  create: fired => ({
    register(jobs) {
      for (const { index, cron } of jobs) {
        TimerBasedCronScheduler.setInterval(parseCronExpression(cron), () => fired(index));
      }
    },
  }),
});
