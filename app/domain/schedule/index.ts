export { jitterOf } from './jitter';
export { secondOpinion } from './secondOpinion';
export { includes, instants, type Timetable, timetable } from './timetable';
export { isZone, validateSchedule } from './validate';
