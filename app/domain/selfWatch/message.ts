import { createHash } from 'node:crypto';
import type { AlertMessage } from '../message/types';
import { type Trouble, type TroubleKind, troubleKey } from './types';

/** What the messages of this watch name as their job. */
const jobName = 'watchbell';

const endings: Record<TroubleKind, (subject: string) => string> = {
  databaseAway: () => 'MongoDB answers again: jobs run and messages are sent.',
  hostLost: host => `Host ${host} works again, or was stopped in good order, or is forgotten after a day.`,
  clockSkew: host => `The clock of host ${host} is right again, or the host is gone.`,
  backlog: () => 'No message waits for long any more.',
  channelBroken: channel => `Channel ${channel} works again, or was deleted.`,
  loopStalled: loop => `${loop} works again.`,
};

/** What is told: the trouble, that it still lasts, or that it is over. */
export type Telling = 'begins' | 'lasts' | 'ends';

const kinds = { begins: 'firing', lasts: 'repeat', ends: 'resolved' } as const;

/** `seq` counts the messages of one trouble; `at` is MongoDB's time or what is known of it. */
export function selfMessage(trouble: Trouble, telling: Telling, seq: number, at: Date): AlertMessage {
  return {
    alertId: alertIdOf(trouble),
    seq,
    kind: kinds[telling],
    job: jobName,
    title: `Watchbell: ${trouble.title}`,
    labels: { severity: 'critical' },
    series: { trouble: trouble.kind, subject: trouble.subject },
    value: null,
    condition: '',
    from: telling === 'begins' ? 'ok' : 'firing',
    since: trouble.since,
    scheduledAt: at,
    error: null,
    note: telling === 'ends' ? `works again: ${endings[trouble.kind](trouble.subject)}` : trouble.sentence,
  };
}

/** Another one each time: a receiver that drops what it knows must not drop the next trouble of the same kind. */
function alertIdOf(trouble: Trouble): string {
  const text = `${troubleKey(trouble)}@${trouble.since.toISOString()}`;
  return `${jobName}.self.${createHash('sha256').update(text).digest('hex').slice(0, 16)}`;
}
