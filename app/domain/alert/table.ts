import type { MessageKind } from '../message/types';
import type { Verdict } from './rule';
import type { Alert, AlertState } from './types';

/** What a cell of the table looks at. */
export interface Situation {
  alert: Alert;
  scheduledAt: Date;
  forMs: number;
  repeatMs: number | null;
}

/** What a cell decides. A message is told exactly where `tell` stands. */
export interface Decision {
  state: AlertState;
  condition: Alert['condition'];
  conditionSince: Date | null;
  tell: { kind: MessageKind; note: string | null } | null;
}

type Trouble = 'firing' | 'noData' | 'error';
type Cell = (situation: Situation) => Decision;
type Row = Readonly<Record<Verdict, Cell>>;

/**
 * It is ok again. Nothing is said where nothing was told: `recover` of a plain `ok` is silence.
 * A `pending` alert may have told trouble (noData told, then over the threshold for less than forMs): that is taken back too.
 */
const recover: Cell = ({ alert }) => {
  const quiet = { state: 'ok', condition: null, conditionSince: null } as const;
  if (alert.firingTold) return { ...quiet, tell: { kind: 'resolved', note: null } };
  return { ...quiet, tell: alert.troubleTold ? { kind: 'resolved', note: 'works again' } : null };
};

/** The state stays; what was told is told again when repeatMs has passed. */
const stay: Cell = situation => {
  const { state, condition, conditionSince } = situation.alert;
  const tell: Decision['tell'] = isRepeatDue(situation) ? { kind: 'repeat', note: null } : null;
  return { state, condition, conditionSince, tell };
};

/** Still pending although nothing is over now: the wait goes on, but only the condition itself ends it. */
const keepWaiting: Cell = ({ alert: { condition, conditionSince } }) => ({
  state: 'pending',
  condition,
  conditionSince,
  tell: null,
});

/**
 * Pending until the condition has held for forMs, then that state and its message.
 * A change of the condition (over → no data, no data → error …) restarts the wait: each message promises forMs of its own condition.
 */
function wait(condition: Trouble): Cell {
  return ({ alert, scheduledAt, forMs }) => {
    const waits = alert.state === 'pending' && alert.condition === condition;
    const conditionSince = (waits ? alert.conditionSince : null) ?? scheduledAt;
    const passed = scheduledAt.getTime() - conditionSince.getTime() >= forMs;
    if (!passed) return { state: 'pending', condition, conditionSince, tell: null };
    return { state: condition, condition, conditionSince, tell: { kind: condition, note: null } };
  };
}

/** A firing alert that cannot be judged any more says so at once: forMs has been waited for already. */
function interrupt(state: 'noData' | 'error'): Cell {
  return ({ alert: { conditionSince } }) => ({
    state,
    condition: state,
    conditionSince,
    tell: { kind: state, note: 'was firing' },
  });
}

/** Trouble goes on, perhaps as the other kind: told again only when repeatMs has passed. */
function remain(state: 'noData' | 'error'): Cell {
  return situation => {
    const { alert } = situation;
    const kind = state === alert.state ? 'repeat' : state;
    const tell: Decision['tell'] = isRepeatDue(situation)
      ? { kind, note: alert.firingTold ? 'was firing' : null }
      : null;
    return { state, condition: state, conditionSince: alert.conditionSince, tell };
  };
}

/** It can be judged again and fires as before: nothing new for the reader. */
const resume: Cell = ({ alert: { conditionSince } }) => ({
  state: 'firing',
  condition: 'firing',
  conditionSince,
  tell: null,
});

function ifWasFiring(wasFiring: Cell, otherwise: Cell): Cell {
  return situation => (situation.alert.firingTold ? wasFiring : otherwise)(situation);
}

const trouble: Row = {
  over: ifWasFiring(resume, wait('firing')),
  under: recover,
  between: ifWasFiring(resume, recover),
  noData: remain('noData'),
  error: remain('error'),
  unchanged: stay,
};

/** The table of the alert's states, row by row. */
const table: Readonly<Record<AlertState, Row>> = {
  ok: {
    over: wait('firing'),
    under: recover,
    between: recover,
    noData: wait('noData'),
    error: wait('error'),
    unchanged: recover,
  },
  pending: {
    over: wait('firing'),
    under: recover,
    between: keepWaiting,
    noData: wait('noData'),
    error: wait('error'),
    unchanged: keepWaiting,
  },
  firing: {
    over: stay,
    under: recover,
    between: stay,
    noData: interrupt('noData'),
    error: interrupt('error'),
    unchanged: stay,
  },
  noData: trouble,
  error: trouble,
};

export function decide(verdict: Verdict, situation: Situation): Decision {
  return table[situation.alert.state][verdict](situation);
}

function isRepeatDue({ alert, scheduledAt, repeatMs }: Situation): boolean {
  if (repeatMs === null || alert.lastToldAt === null) return false;
  return scheduledAt.getTime() - alert.lastToldAt.getTime() >= repeatMs;
}
