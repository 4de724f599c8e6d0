import type { Document } from 'mongodb';
import type { Transition } from '../domain/delivery/types';

/** The update by which a member claims a delivery. */
export function claimOf(member: string): Document[] {
  return [
    {
      $set: {
        state: 'sending',
        fence: { $add: ['$fence', 1] },
        attempts: { $add: ['$attempts', 1] },
        member: { $literal: member },
        claimedAt: '$$NOW',
        slot: { $concat: ['$alertId', '/', '$channel'] },
      },
    },
  ];
}

/** The update that a transition is. The slot is kept only by what is retried as uncertain: nothing may overtake it. */
export function changeOf(transition: Transition): Document[] {
  const keepsSlot = transition.to === 'uncertain' && transition.retryAfterMs !== null;
  const set = { $set: { state: transition.to, held: false, ...fieldsOf(transition) } };
  return keepsSlot ? [set] : [set, { $unset: 'slot' }];
}

function fieldsOf(transition: Transition): Document {
  switch (transition.to) {
    case 'sent':
      return { sentAt: '$$NOW', error: null, mutedBy: [] };
    case 'muted':
      return { held: true, mutedBy: { $literal: transition.mutedBy }, ...uncounted };
    case 'folded':
      return { supersededBy: { $literal: transition.supersededBy }, ...uncounted };
    case 'failed':
      return { error: { $literal: transition.error } };
    case 'pending':
      return {
        error: { $literal: transition.error },
        nextAttemptAt: { $add: ['$$NOW', transition.afterMs] },
        ...(transition.counted ? {} : uncounted),
      };
    case 'uncertain':
      return {
        error: { $literal: transition.error },
        possibleDuplicate: true,
        nextAttemptAt: { $add: ['$$NOW', transition.retryAfterMs ?? 0] },
      };
  }
}

/** The claim counted an attempt that reached no remote; what was never claimed had none to take back. */
const uncounted = {
  attempts: { $cond: [{ $eq: ['$state', 'sending'] }, { $subtract: ['$attempts', 1] }, '$attempts'] },
};
