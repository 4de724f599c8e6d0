/** The fields of a wall time, as a person reads them off a calendar and a clock. */
export interface WallFields {
  minute: number;
  hour: number;
  day: number;
  month: number;
  /** 0 is Sunday. */
  weekday: number;
  daysInMonth: number;
}

export interface Expression {
  cron: string;
  /** What the expression says, written down a second time. */
  fits(fields: WallFields): boolean;
  /** The second within the minute; 0 where it is left out. */
  second?: number;
  /** It follows the elapsed time: its field of hours is a star or a step of it. */
  everyHour?: true;
}

const isLast = ({ day, daysInMonth }: WallFields) => day === daysInMonth;
const isWorkday = (weekday: number) => weekday >= 1 && weekday <= 5;

/** The day from Monday to Friday nearest to a day of the same month. */
function nearestWorkday(fields: WallFields, day: number): number {
  const weekday = (fields.weekday + day - fields.day + 35) % 7;
  if (weekday === 6) return day > 1 ? day - 1 : day + 2;
  if (weekday === 0) return day < fields.daysInMonth ? day + 1 : day - 2;
  return day;
}

export const expressions: readonly Expression[] = [
  { cron: '*/10 * * * *', everyHour: true, fits: f => f.minute % 10 === 0 },
  { cron: '*/20 * * * *', everyHour: true, fits: f => f.minute % 20 === 0 },
  { cron: '7 * * * *', everyHour: true, fits: f => f.minute === 7 },
  { cron: '@hourly', everyHour: true, fits: f => f.minute === 0 },
  { cron: '30 */2 * * *', everyHour: true, fits: f => f.minute === 30 && f.hour % 2 === 0 },
  {
    cron: '15 */3 * * MON-FRI',
    everyHour: true,
    fits: f => f.minute === 15 && f.hour % 3 === 0 && isWorkday(f.weekday),
  },
  { cron: '45 30 */1 * * *', everyHour: true, second: 45, fits: f => f.minute === 30 },
  { cron: '0 0-23 * * *', fits: f => f.minute === 0 },
  { cron: '*/30 0-23/1 * * *', fits: f => f.minute % 30 === 0 },
  { cron: '0 0/2 * * *', fits: f => f.minute === 0 && f.hour % 2 === 0 },
  { cron: '0 0 * * *', fits: f => f.minute === 0 && f.hour === 0 },
  { cron: '@daily', fits: f => f.minute === 0 && f.hour === 0 },
  { cron: '30 0 * * *', fits: f => f.minute === 30 && f.hour === 0 },
  { cron: '59 23 * * *', fits: f => f.minute === 59 && f.hour === 23 },
  { cron: '0 1 * * *', fits: f => f.minute === 0 && f.hour === 1 },
  { cron: '30 1 * * *', fits: f => f.minute === 30 && f.hour === 1 },
  { cron: '59 1 * * *', fits: f => f.minute === 59 && f.hour === 1 },
  { cron: '0 2 * * *', fits: f => f.minute === 0 && f.hour === 2 },
  { cron: '15 2 * * *', fits: f => f.minute === 15 && f.hour === 2 },
  { cron: '30 2 * * *', fits: f => f.minute === 30 && f.hour === 2 },
  { cron: '0 3 * * *', fits: f => f.minute === 0 && f.hour === 3 },
  { cron: '0 2,3 * * *', fits: f => f.minute === 0 && (f.hour === 2 || f.hour === 3) },
  { cron: '*/30 2 * * *', fits: f => f.minute % 30 === 0 && f.hour === 2 },
  { cron: '*/15 1-3 * * *', fits: f => f.minute % 15 === 0 && f.hour >= 1 && f.hour <= 3 },
  { cron: '*/5 0 * * *', fits: f => f.minute % 5 === 0 && f.hour === 0 },
  { cron: '30 30 2 * * *', second: 30, fits: f => f.minute === 30 && f.hour === 2 },
  { cron: '59 59 1,2 * * *', second: 59, fits: f => f.minute === 59 && (f.hour === 1 || f.hour === 2) },
  { cron: '0 12 * * *', fits: f => f.minute === 0 && f.hour === 12 },
  { cron: '30 2 * * SUN', fits: f => f.minute === 30 && f.hour === 2 && f.weekday === 0 },
  { cron: '30 2 * * 7', fits: f => f.minute === 30 && f.hour === 2 && f.weekday === 0 },
  { cron: '30 1 * * FRI-SUN', fits: f => f.minute === 30 && f.hour === 1 && (f.weekday >= 5 || f.weekday === 0) },
  { cron: '0 2 1-7 * SUN', fits: f => f.minute === 0 && f.hour === 2 && (f.day <= 7 || f.weekday === 0) },
  { cron: '0 2 */2 * SUN', fits: f => f.minute === 0 && f.hour === 2 && f.day % 2 === 1 && f.weekday === 0 },
  { cron: '30 2 L * *', fits: f => f.minute === 30 && f.hour === 2 && isLast(f) },
  { cron: '30 2 L-3 * ?', fits: f => f.minute === 30 && f.hour === 2 && f.day === f.daysInMonth - 3 },
  { cron: '0 1 LW * *', fits: f => f.minute === 0 && f.hour === 1 && f.day === nearestWorkday(f, f.daysInMonth) },
  {
    cron: '0 0 30W,1W * *',
    fits: f =>
      f.minute === 0 &&
      f.hour === 0 &&
      (f.day === nearestWorkday(f, 1) || (f.daysInMonth >= 30 && f.day === nearestWorkday(f, 30))),
  },
  { cron: '30 2 * * 0L', fits: f => f.minute === 30 && f.hour === 2 && f.weekday === 0 && f.day + 7 > f.daysInMonth },
  {
    cron: '30 2 ? MAR,NOV SUN#2,7#1',
    fits: f => f.minute === 30 && f.hour === 2 && (f.month === 3 || f.month === 11) && f.weekday === 0 && f.day <= 14,
  },
  {
    cron: '0 0,2 1 1,4,10 ?',
    fits: f =>
      f.minute === 0 &&
      (f.hour === 0 || f.hour === 2) &&
      f.day === 1 &&
      (f.month === 1 || f.month === 4 || f.month === 10),
  },
];
