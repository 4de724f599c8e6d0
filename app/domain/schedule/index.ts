export { dueOccurrences } from './due';
export { includes, type Timetable, timetable } from './timetable';
export { isZone, validateSchedule } from './validate';
