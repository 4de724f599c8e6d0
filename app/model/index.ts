import { alertModel, transitionModel } from './alert';
import { calendarModel, channelModel, jobModel, sourceModel } from './definition';
import { budgetModel, deliveryModel } from './delivery';
import { drainModel } from './drain';
import { memberModel } from './member';
import { muteModel } from './mute';
import { runModel } from './run';
import { selfAlertModel } from './selfAlert';
import { settlementModel } from './settlement';
import { counterModel, metaModel, tokenModel } from './token';

/** Every collection: what is created, with its indexes, at the start. */
export const models = [
  alertModel,
  transitionModel,
  jobModel,
  sourceModel,
  channelModel,
  calendarModel,
  deliveryModel,
  budgetModel,
  drainModel,
  memberModel,
  muteModel,
  runModel,
  selfAlertModel,
  settlementModel,
  tokenModel,
  metaModel,
  counterModel,
];
