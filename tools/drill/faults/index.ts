import { busy } from './busy';
import { clockBack, clockForward } from './clocks';
import { hostCut } from './hostCut';
import { agentKill, hostKill, workerKill } from './kills';
import { mongodClock, mongodKill, mongodStop, stepDown } from './mongod';
import { rollingRestart } from './rollingRestart';
import { agentStop, hostStop, workerStop } from './stops';
import type { Fault } from './types';

/** Every fault, in the order in which they are drilled: those of one stage together. */
export const faults: readonly Fault[] = [
  workerKill,
  agentKill,
  hostKill,
  workerStop,
  agentStop,
  hostStop,
  mongodKill,
  mongodStop,
  rollingRestart,
  busy,
  stepDown,
  hostCut,
  clockForward,
  clockBack,
  mongodClock,
];

/** What `--quick` drills, once each. */
export const quickFaults: readonly Fault[] = [workerKill, hostKill, workerStop, mongodKill];
