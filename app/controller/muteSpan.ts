import { z } from 'zod';
import { spanBetween } from '../domain/span';

const longestMs = 3650 * 86_400_000;
const span = spanBetween(1, longestMs);

/** How long: milliseconds, `2h`, or literally `forever`. */
export const muteSpan = z.union([z.number(), z.string()]).transform((given, context) => {
  if (given === 'forever') return 'forever' as const;
  const asNumber = typeof given === 'string' && /^-?\d+$/.test(given) ? Number(given) : given;
  const parsed = span.safeParse(asNumber);
  if (parsed.success) return parsed.data;
  for (const { message } of parsed.error.issues) {
    context.addIssue({ code: 'custom', message: `${message}; "forever" never ends`, input: given });
  }
  return z.NEVER;
});
