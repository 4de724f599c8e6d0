import { measureOnce } from './child';
import type { Series } from './comparison';
import { BenchError } from './errors';
import { isLoaded } from './machine';
import type { Measured, Task } from './protocol';
import type { Subject, Subjects } from './subjects';

export interface BenchOptions {
  subjects: Subjects;
  rounds: number;
  /** Progress, for people. */
  say(line: string): void;
}

const limitMs = 10 * 60_000;
/** A machine that registers too slowly gets twice the time, so often. */
const leadTries = 4;

/** Runs measurements, each in a fresh process, one after another. */
export class Bench {
  readonly subjects: Subjects;

  constructor(private readonly options: BenchOptions) {
    this.subjects = options.subjects;
  }

  /** Every subject in each round, beginning with another one each time; `keep` gets what is more than figures. */
  async inTurn(
    subjects: readonly Subject[],
    taskOf: (subject: Subject) => Task,
    keep: (subject: Subject, measured: Measured) => void = () => {},
  ): Promise<Series[]> {
    const all: Series[] = subjects.map(subject => ({ subject, rounds: [] }));
    for (let round = 0; round < this.options.rounds; round += 1) {
      for (const series of [...all.slice(round % all.length), ...all.slice(0, round % all.length)]) {
        const loaded = isLoaded();
        const measured = await this.measure(series.subject, taskOf(series.subject));
        series.rounds.push({ figures: measured.figures, loaded });
        keep(series.subject, measured);
        const figures = Object.entries(measured.figures).map(([name, value]) => `${name} ${value.toPrecision(4)}`);
        this.options.say(`  round ${round + 1} ${series.subject.name}${loaded ? ' †' : ''}: ${figures.join(', ')}`);
      }
    }
    return all;
  }

  say(line: string): void {
    this.options.say(line);
  }

  private async measure(subject: Subject, first: Task): Promise<Measured> {
    let task = first;
    for (let left = leadTries; left > 0; left -= 1) {
      const message = await measureOnce(subject, task, limitMs);
      if (!('late' in message)) return message;
      if (task.kind === 'burst') task = { ...task, leadMs: task.leadMs * 2 };
    }
    throw new BenchError(`${subject.name} could not register its jobs in time.`);
  }
}
