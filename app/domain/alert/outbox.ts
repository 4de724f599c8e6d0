import type { OutboxEntry } from './types';

/** Entries of one alert's outbox: it empties within a second unless MongoDB or every relay is away. */
export const outboxLimit = 20;

/**
 * The outbox with one more entry. Past the limit the oldest repeat goes first (it says nothing new), then the oldest of all:
 * the newest state is what a reader needs. An entry for no channel is none.
 */
export function withEntry(outbox: readonly OutboxEntry[], entry: OutboxEntry): OutboxEntry[] {
  if (entry.channels.length === 0) return [...outbox];
  const all = [...outbox, entry];
  if (all.length <= outboxLimit) return all;
  const repeat = all.findIndex(({ kind }) => kind === 'repeat');
  return all.toSpliced(Math.max(repeat, 0), 1);
}
