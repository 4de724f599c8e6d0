/** The value under which `share` of the numbers lie; 0 for none. */
export function percentile(numbers: readonly number[], share: number): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0);
}

/** Every item of a list, page by page; `read` gets the query text of the page's cursor. */
export async function listOf<T>(
  read: (cursor: string) => Promise<{ items: T[]; nextCursor: string | null }>,
): Promise<T[]> {
  const items: T[] = [];
  let cursor: string | null = '';
  while (cursor !== null) {
    const page: { items: T[]; nextCursor: string | null } = await read(cursor);
    items.push(...page.items);
    cursor = page.nextCursor === null ? null : `&cursor=${encodeURIComponent(page.nextCursor)}`;
  }
  return items;
}

/** Repeats `ask` by so many clients for so long; answers how long each took, in ms. */
export async function repeated(ask: () => Promise<void>, clients: number, forMs: number): Promise<number[]> {
  const took: number[] = [];
  const end = performance.now() + forMs;
  const client = async () => {
    while (performance.now() < end) {
      const startedAt = performance.now();
      await ask();
      took.push(performance.now() - startedAt);
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  return took;
}
