import { china } from './china';
import { dates } from './dates';
import type { CalendarKind } from './types';

export type { CalendarKind } from './types';

/** Every kind of calendar. A new one is a file of this folder and a line here. */
export const calendarKinds: ReadonlyMap<string, CalendarKind> = new Map(
  [dates, china].map(kind => [kind.kind, kind] as const),
);
