export { jitterOf } from './jitter';
export { secondOpinion } from './secondOpinion';
export { includes, type Timetable, timetable } from './timetable';
export { isZone, validateSchedule } from './validate';
