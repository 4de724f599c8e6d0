import { findFaketime } from '../../tools/faketime';

/** Environment of a process whose wall clock goes `offset` (such as `+4s`) wrong; its monotonic clock stays right. */
export function wrongClock(offset: string): Record<string, string> {
  const library = findFaketime();
  if (library === null) {
    throw new Error('This test needs libfaketime: apt-get install libfaketime ("npm test" as root does it).');
  }
  return { LD_PRELOAD: library, FAKETIME: offset, FAKETIME_DONT_FAKE_MONOTONIC: '1' };
}
