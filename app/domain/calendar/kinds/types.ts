import type { NamedDate } from '../types';

/** A kind of calendar: days that come with it, over which each calendar of the kind may put its own. */
export interface CalendarKind {
  readonly kind: string;
  /** Zone of a calendar that names none; null for the server's. */
  readonly zone: string | null;
  readonly holidays: readonly NamedDate[];
  readonly workdays: readonly NamedDate[];
  /** What a person can do when the kind's own data ends. */
  readonly renewal: string;
}
