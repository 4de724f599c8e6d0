/**
 * How much later than its nominal time an occurrence is announced, in ms: 0 ≤ answer < jitterMs. Every host comes to the
 * same answer, and the jobs of one instant are spread evenly.
 */
export function jitterOf(job: string, at: number, jitterMs: number): number {
  if (jitterMs <= 0) return 0;
  let hash = 0x811c9dc5;
  const text = `${job}@${at}`;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) % jitterMs;
}
