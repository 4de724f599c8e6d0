/**
 * The key of an occurrence: two hosts with different clocks come to the same one. Also the run's id. `boundTo` is the
 * host of an occurrence that every host runs.
 */
export function occurrenceId(job: string, scheduledAt: Date, boundTo?: string): string {
  const id = `${job}@${scheduledAt.toISOString()}`;
  return boundTo === undefined ? id : `${id}~${boundTo}`;
}

/**
 * The hosts in the order in which they look after an occurrence (rendezvous hashing): every member that sees the same
 * hosts comes to the same order, and a host that leaves moves only its own share.
 */
export function hostRank(key: string, hostIds: readonly string[], self: string): number {
  const hashed = fnv1a(key);
  const own = score(hashed, self);
  let rank = 0;
  for (const host of hostIds) {
    if (host === self) continue;
    const other = score(hashed, host);
    if (other > own || (other === own && host < self)) rank += 1;
  }
  return rank;
}

/** Both hashes, then a final mix (murmur3): without it the low bits of similar keys follow each other. */
function score(hashedKey: number, host: string): number {
  let hash = hashedKey ^ fnv1a(host);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return hash;
}
