import { hostTroubles, type SeenMember } from './hosts';
import type { FoundTrouble } from './types';

/** What one look at MongoDB and at this process has found. */
export interface Seen {
  /** MongoDB's time. */
  at: Date;
  hostId: string;
  /** Everyone, the recently dead too. */
  members: readonly SeenMember[];
  brokenChannels: readonly { name: string; code: string; message: string; since: Date }[];
  /** Messages that wait for longer than `backlogAfterMs`; those of a mute or a broken channel are none. */
  backlog: Backlog;
  /** Loops of this process, and for how long each has got nowhere, in ms. */
  loops: readonly { name: string; stalledMs: number }[];
}

export interface Backlog {
  count: number;
  /** There are more than were counted. */
  more: boolean;
  oldestAt: Date | null;
  channels: readonly string[];
}

export interface TroubleLimits {
  /** What may pass by itself is told of after this span, in ms. */
  alertAfterMs: number;
}

/** A message that waits for longer than this is late for whoever should read it. */
export const backlogAfterMs = 5 * 60_000;
/** The channel that tells of trouble; its own breaking cannot be told there. */
export const selfChannelName = 'self';

/** Every trouble that can be seen while MongoDB answers. */
export function troublesIn(seen: Seen, { alertAfterMs }: TroubleLimits): FoundTrouble[] {
  const suspended = seen.members.some(member => member.hostId === seen.hostId && member.live && member.suspended);
  return [
    ...hostTroubles(seen.members, seen.at, alertAfterMs),
    ...backlogTrouble(seen.backlog, alertAfterMs),
    ...seen.brokenChannels.filter(({ name }) => name !== selfChannelName).map(brokenChannel),
    // A suspended host keeps no time by intention: that is said once, as its wrong clock.
    ...(suspended
      ? []
      : seen.loops.filter(({ stalledMs }) => stalledMs >= alertAfterMs).map(stalledLoop(seen, alertAfterMs))),
  ];
}

function backlogTrouble({ count, more, oldestAt, channels }: Backlog, holdMs: number): FoundTrouble[] {
  if (oldestAt === null) return [];
  const which = channels.length > 0 ? ` Channels: ${channels.join(', ')}.` : '';
  const known = `${more ? 'more than ' : ''}${count}`;
  const sentence = `${known} message${count === 1 && !more ? ' waits' : 's wait'} for longer than ${backlogAfterMs / 60_000} min.${which} Look at GET /api/v1/deliveries?state=pending: the error of each says what holds it.`;
  return [
    { kind: 'backlog', subject: 'deliveries', title: 'messages are not delivered', sentence, since: oldestAt, holdMs },
  ];
}

function brokenChannel({ name, code, message, since }: Seen['brokenChannels'][number]): FoundTrouble {
  return {
    kind: 'channelBroken',
    subject: name,
    title: `channel ${name} is broken`,
    sentence: `The remote of channel ${name} refuses its messages (${code}: ${message}). They wait for 24 h: mend the channel by PUT, then POST /api/v1/channels/${name}/test.`,
    since,
    holdMs: 0,
  };
}

function stalledLoop({ hostId, at }: Seen, alertAfterMs: number) {
  return ({ name, stalledMs }: Seen['loops'][number]): FoundTrouble => ({
    kind: 'loopStalled',
    subject: `${hostId}/${name}`,
    title: `the ${name} of host ${hostId} gets nowhere`,
    sentence: `The ${name} of the agent on host ${hostId} has completed nothing for ${Math.round(stalledMs / 1000)} s although MongoDB answers. Look at its log (watchbell.log); a restart of the host helps meanwhile.`,
    since: new Date(at.getTime() - stalledMs),
    // A step of MongoDB's clock looks like a pause until the next turn of the loop.
    holdMs: alertAfterMs / 4,
  });
}

/** Only the host itself can see that its loop works again. */
export function isOfOtherHost({ kind, subject }: { kind: string; subject: string }, hostId: string): boolean {
  return kind === 'loopStalled' && !subject.startsWith(`${hostId}/`);
}
