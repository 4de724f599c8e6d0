import { instants } from '../schedule';
import { describe } from './describe';
import type { Words } from './language';
import { type Compiled, compile, type Question, zoneNameOf } from './question';
import { dateTimeText, offsetText } from './wallTime';
import { warnings } from './warnings';

export type { Question } from './question';

/** One instant at which a job is due. */
interface PreviewFire {
  at: Date;
  /** What the clocks of the zone show: `2027-03-14T03:00:00`. */
  local: string;
  /** `-04:00` */
  offset: string;
  /** The calendar keeps it back: it is recorded and not run. */
  keptBack: boolean;
  /** What moved it or keeps it back; null where nothing does. */
  note: string | null;
}

/** What a schedule will do. */
export interface Preview {
  fires: PreviewFire[];
  description: Words;
  warnings: string[];
  /** Of the local times. */
  zone: string;
}

/** Fires this much later than the first are not looked for: what comes every four years would be asked for in 2,000. */
const horizonMs = 50 * 366 * 86_400_000;

/** The next `count` fires, within 50 years, of a valid schedule, what it says in words, and what its author may not have thought of. */
export function preview(question: Question, count: number): Preview {
  const compiled = compile(question);
  return {
    fires: firesOf(compiled, count),
    description: describe(question),
    warnings: warnings(compiled),
    zone: zoneNameOf(question.schedule),
  };
}

function firesOf({ table, zone, from }: Compiled, count: number): PreviewFire[] {
  const fires: PreviewFire[] = [];
  const first = table.next(from - 1);
  if (first === null) return fires;
  for (const at of instants(table, first, first + horizonMs)) {
    const offset = zone.offsetAt(at);
    const told = { local: dateTimeText(at + offset), offset: offsetText(offset) };
    fires.push({ at: new Date(at), ...told, keptBack: table.keptBack(at), note: table.note(at) });
    if (fires.length === count) break;
  }
  return fires;
}
