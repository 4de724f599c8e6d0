import { renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { CommandError } from '../errors';
import { findFaketime } from '../faketime';

/** The wall clock of some processes, kept by libfaketime: it can be stepped while they run. Monotonic time stays right. */
export class StepClock {
  private readonly file: string;

  constructor(folder: string, name: string) {
    this.file = path.join(folder, `${name}.clock`);
    this.step(0);
  }

  /** What the processes need in their environment. Throws CommandError without libfaketime. */
  environment(): Record<string, string> {
    const library = findFaketime();
    if (library === null) throw new CommandError(withoutFaketime);
    return {
      LD_PRELOAD: library,
      FAKETIME_TIMESTAMP_FILE: this.file,
      // A step is seen within a second. Without any cache each look at the clock reads the file: 30 times as dear, and
      // hosts that are slow by that alone.
      FAKETIME_CACHE_DURATION: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      // For C libraries of before 2019; with newer ones each wait on a condition takes up to 25 ms more.
      FAKETIME_FORCE_MONOTONIC_FIX: '0',
      NO_FAKE_STAT: '1',
    };
  }

  /** From now on the clock goes so much wrong; never half a file for who reads it meanwhile. */
  step(offsetMs: number): void {
    writeFileSync(`${this.file}.draft`, `${offsetMs < 0 ? '' : '+'}${offsetMs / 1000}\n`);
    renameSync(`${this.file}.draft`, this.file);
  }
}

/** Why clocks cannot be stepped here; null where they can. */
export function clocksMissing(): string | null {
  return findFaketime() === null ? withoutFaketime : null;
}

const withoutFaketime = 'libfaketime is not installed: "apt-get install faketime" brings it';
