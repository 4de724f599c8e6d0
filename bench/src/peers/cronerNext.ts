import { Cron } from 'croner';
import { serveNext } from '../subject/nextTimes';

serveNext((cron, zone) => {
  const expression = new Cron(cron, { timezone: zone, paused: true });
  return after => expression.nextRun(new Date(after))?.getTime() ?? Number.NaN;
});
