import { CronExpressionParser } from 'cron-parser';
import { serveNext } from '../subject/nextTimes';

serveNext((cron, zone) => {
  const expression = CronExpressionParser.parse(cron, { tz: zone });
  return after => {
    expression.reset(new Date(after));
    return expression.next().getTime();
  };
});
