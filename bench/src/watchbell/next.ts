import { timetable } from '../../../app/domain/schedule';
import { serveNext } from '../subject/nextTimes';

serveNext((cron, zone) => {
  const table = timetable({ cron, zone, dst: 'shift', repeated: 'first' });
  return after => table.next(after) ?? Number.NaN;
});
