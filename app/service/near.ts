import { distance } from 'fastest-levenshtein';

const mostNear = 3;

/** Behind the sentence that a name is not known: the ones most like it. Empty where there are none. */
export function didYouMean(name: string, all: readonly string[]): string {
  const found = near(name, all);
  return found.length === 0 ? '' : ` Did you mean ${found.join(', ')}?`;
}

/** The names most like this one, none that shares less than half with it. */
function near(name: string, all: readonly string[]): string[] {
  const short = name.slice(0, 64).toLowerCase();
  return all
    .map(candidate => ({ candidate, far: distance(short, candidate.toLowerCase()) }))
    .filter(({ candidate, far }) => far <= Math.max(2, Math.floor(Math.max(short.length, candidate.length) / 2)))
    .sort((a, b) => a.far - b.far || (a.candidate < b.candidate ? -1 : 1))
    .slice(0, mostNear)
    .map(({ candidate }) => candidate);
}
