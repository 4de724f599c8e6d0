/** The zone of the questions to expressions that are parsed already. */
export const questionZone = 'America/New_York';

/** The expressions of W5; names are parts of the figures' names. */
export const expressions = [
  { name: 'every10', cron: '*/10 * * * *' },
  { name: 'daily', cron: '30 2 * * *' },
  { name: 'leapDay', cron: '0 0 29 2 *' },
] as const;

/** Zones of the texts that are read anew each time. */
export const zonesForText: readonly string[] = Intl.supportedValuesOf('timeZone')
  .filter((_, index) => index % 10 === 0)
  .slice(0, 40);

/** Distinct texts of the same shape as the named expression, each in each zone, in an order without pattern. */
export function textsOf(name: string): { cron: string; zone: string }[] {
  const texts = shapes[name]?.() ?? [];
  const all = zonesForText.flatMap(zone => texts.map(cron => ({ cron, zone })));
  return all.map((_, index) => all[(index * stride) % all.length]).flatMap(text => text ?? []);
}

/** A prime that divides no list's length, so that every text comes once. */
const stride = 7919;

const upTo = (count: number) => Array.from({ length: count }, (_, index) => index);

const shapes: Record<string, () => string[]> = {
  every10: () => upTo(11).flatMap(more => upTo(more + 5).map(first => `${first}-59/${more + 5} * * * *`)),
  daily: () => upTo(60).flatMap(minute => upTo(4).map(hour => `${minute} ${hour} * * *`)),
  leapDay: () => upTo(60).flatMap(minute => upTo(24).map(hour => `${minute} ${hour} 29 2 *`)),
};
