import { z } from 'zod';

const unitMs: Record<string, number> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
/** Ten years: longer than anything here waits, and far from what Date and timers cannot hold. */
const longestMs = 3650 * 86_400_000;

/** Ms of `90s`, `10m`, `2h`, `1d`; null for anything else. */
export function parseSpan(text: string): number | null {
  const found = /^(\d{1,15})([smhd])$/.exec(text);
  const unit = unitMs[found?.[2] ?? ''];
  return found === null || unit === undefined ? null : Number(found[1]) * unit;
}

/** The longest unit that says the span exactly: 600000 → `10m`. */
export function formatSpan(spanMs: number): string {
  for (const unit of ['d', 'h', 'm', 's']) {
    const size = unitMs[unit];
    if (size !== undefined && spanMs >= size && spanMs % size === 0) return `${spanMs / size}${unit}`;
  }
  return `${spanMs}ms`;
}

/**
 * A span as people and programs give it: an integer in ms, or `90s`, `10m`, `2h`, `1d`. Comes out in ms.
 * Both bounds are included; a fault names the value and what is allowed.
 */
export function spanBetween(minMs: number, maxMs: number) {
  return z.union([z.number(), z.string()]).transform((given, context) => {
    const spanMs = typeof given === 'number' ? given : parseSpan(given);
    if (spanMs !== null && Number.isInteger(spanMs) && spanMs >= minMs && spanMs <= maxMs) return spanMs;
    const reason =
      spanMs === null || !Number.isInteger(spanMs)
        ? 'is not a span: give whole milliseconds (600000) or a number with s, m, h or d ("90s", "10m", "2h", "1d")'
        : `is outside of what is allowed: ${formatSpan(minMs)} to ${formatSpan(maxMs)}`;
    context.addIssue({ code: 'custom', message: `${JSON.stringify(given)} ${reason}`, input: given });
    return z.NEVER;
  });
}

/** Any span from 0 to ten years. */
export const spanSchema = spanBetween(0, longestMs);
