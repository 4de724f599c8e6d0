import { expressions } from './nextQuestions';

const heads: Record<string, string> = {
  p50Ms: 'p50 ms',
  p99Ms: 'p99 ms',
  maxMs: 'max ms',
  cpuPerFireMicros: 'CPU µs/fire',
  cpuPerJobMicros: 'CPU µs/job',
  heapPerJobBytes: 'heap B/job',
  corePercent: '% of a core',
  loopMaxMs: 'longest stop ms',
  ...Object.fromEntries(
    expressions.flatMap(({ name, cron }) => [
      [`${name}ParsedPerSecond`, `\`${cron}\` parsed/s`],
      [`${name}FromTextPerSecond`, `\`${cron}\` from text/s`],
    ]),
  ),
};

/** The head of a figure's column. */
export function headOf(figure: string): string {
  return heads[figure] ?? figure;
}
