export { dueOccurrences } from './due';
export { type Bounds, includes, type Timetable, timetable } from './timetable';
export { isZone, validateSchedule } from './validate';
