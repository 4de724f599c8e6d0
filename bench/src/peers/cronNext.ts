import { CronTime } from 'cron';
import { serveNext } from '../subject/nextTimes';

serveNext((cron, zone) => {
  const expression = new CronTime(cron, zone);
  return after => expression.getNextDateFrom(new Date(after), zone).toMillis();
});
