import { CronExpressionParser } from 'cron-parser';
import fc from 'fast-check';
import { timetable, validateSchedule } from '../../../../../app/domain/schedule';
import { instant, sharedCron } from './arbitraries';

const firesCompared = 2;

/** A step of all days or weekdays restricts nothing here, and does for cron-parser: decided, not compared. */
const isReadOtherwise = (cron: string) =>
  cron.split(' ').some((field, index, all) => {
    const fromEnd = all.length - index;
    return (fromEnd === 1 || fromEnd === 3) && field.startsWith('*/');
  });

/** Null where it gives up its search, or does not take a value twice in a list. */
function peerFires(cron: string, zone: string | undefined, after: number): number[] | null {
  try {
    const walk = CronExpressionParser.parse(cron, { tz: zone, currentDate: new Date(after) });
    const fires = walk.take(firesCompared).map(date => date.getTime());
    return fires.length === firesCompared ? fires : null;
  } catch (error) {
    if (error instanceof Error && error.message.includes('duplicate values')) return null;
    throw error;
  }
}

function ownFires(cron: string, zone: string, after: number): number[] {
  const table = timetable({ cron, zone, dst: 'shift', repeated: 'first' });
  const fires: number[] = [];
  for (let at = table.next(after); at !== null && fires.length < firesCompared; at = table.next(at)) fires.push(at);
  return fires;
}

export interface PeerQuestion {
  runs: number;
  zone: string;
  /** As cron-parser is to be told; undefined for the process's own zone, where it is quicker. */
  peerZone: string | undefined;
  /** Whether a fire is too close to an offset change to be compared. */
  isLeftOut(at: number): boolean;
  seed?: number;
}

/** How many random expressions were compared; throws with the smallest one that differs. */
export function compareWithPeer({ runs, zone, peerZone, isLeftOut, seed }: PeerQuestion): number {
  let compared = 0;
  const property = fc.property(sharedCron, instant, (cron, after) => {
    if (isReadOtherwise(cron)) return true;
    if (validateSchedule({ cron, zone, dst: 'shift', repeated: 'first' }).length > 0) return true;
    const theirs = peerFires(cron, peerZone, after);
    if (theirs === null) return true;
    const ours = ownFires(cron, zone, after);
    if ([...theirs, ...ours].some(isLeftOut)) return true;
    compared += 1;
    return ours.join() === theirs.join();
  });
  fc.assert(property, { numRuns: runs, ...(seed === undefined ? {} : { seed }) });
  return compared;
}
