const marginMs = 26 * 3_600_000;

/**
 * How many of the answers differ, not counting those within a day of a change of the zone's offset, where schedulers
 * mean different things; a missing answer differs.
 */
export function differAwayFromChanges(ours: readonly number[], theirs: readonly number[], zone: string): number {
  const offset = offsetsOf(zone);
  const nearChange = (at: number) => offset(at - marginMs) !== offset(at + marginMs);
  let differing = 0;
  for (let index = 0; index < Math.max(ours.length, theirs.length); index += 1) {
    const [one, other] = [ours[index], theirs[index]];
    if (one === other) continue;
    if (one === undefined || other === undefined || !(nearChange(one) || nearChange(other))) differing += 1;
  }
  return differing;
}

function offsetsOf(timeZone: string): (at: number) => string {
  const format = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' });
  return at => format.formatToParts(at).find(part => part.type === 'timeZoneName')?.value ?? '';
}
