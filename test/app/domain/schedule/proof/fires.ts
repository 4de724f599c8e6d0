/** Prints what some schedules plan, so that processes in different zones can be compared; run by engine.processZone. */
import { timetable } from '../../../../../app/domain/schedule';
import { expressions } from './expressions';
import { policies } from './oracle';

const zones = ['UTC', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Shanghai'];
const after = Date.UTC(2026, 2, 6);

for (const { cron } of expressions) {
  for (const zone of zones) {
    for (const policy of policies) {
      const table = timetable({ cron, zone, ...policy });
      const next = table.next(after) ?? after;
      const fires = [next, table.next(next), table.previous(after), table.count(after, after + 40 * 86_400_000)];
      process.stdout.write(`${cron} ${zone} ${policy.dst} ${policy.repeated} ${fires.join()} ${table.note(next)}\n`);
    }
  }
}
