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

  /**
   * What the processes need in their environment. A step is seen at once, for which the file is read at every look at
   * the clock; `lazily` within a second, for a process that looks often. Throws CommandError without libfaketime.
   */
  environment({ lazily = false } = {}): Record<string, string> {
    const library = findFaketime();
    if (library === null) throw new CommandError(withoutFaketime);
    return {
      LD_PRELOAD: library,
      FAKETIME_TIMESTAMP_FILE: this.file,
      ...(lazily ? { FAKETIME_CACHE_DURATION: '1' } : { FAKETIME_NO_CACHE: '1' }),
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
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
