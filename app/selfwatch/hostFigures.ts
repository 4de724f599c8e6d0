import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { Metrics } from '../cluster/metrics';
import { ipcNames, metricsReportSchema } from '../ipc/messages';
import type { SelfMessenger } from './types';

const waitMs = 1000;
const claimNames = ['watchbell_claims_won_total', 'watchbell_claims_lost_total'];
const valuesSchema = z.array(z.looseObject({ value: z.number() }));

type Report = z.output<typeof metricsReportSchema>;

export interface HostCounts {
  announced: number;
  claimed: number;
  /** Every worker of this host has answered, and there is one. */
  workersAnswer: boolean;
}

/** What the processes of this host have counted so far; asked over IPC, as /metrics does. */
export class HostFigures {
  private readonly asked = new Map<string, (report: Report) => void>();

  constructor(
    private readonly metrics: Metrics,
    private readonly messenger: SelfMessenger,
    private readonly workers: () => readonly number[],
  ) {}

  listen(): void {
    this.messenger.on(ipcNames.metricsReport, data => {
      const report = metricsReportSchema.parse(data);
      this.asked.get(report.id)?.(report);
    });
  }

  async counts(): Promise<HostCounts> {
    const expected = this.workers().length;
    const reports = await this.ask(expected);
    const fires = await this.metrics.fires.get();
    return {
      announced: sum(fires.values),
      claimed: reports.reduce((total, report) => total + claimsIn(report), 0),
      workersAnswer: expected > 0 && reports.length >= expected,
    };
  }

  private async ask(expected: number): Promise<Report[]> {
    const id = randomUUID();
    const reports: Report[] = [];
    if (expected === 0) return reports;
    await new Promise<void>(resolve => {
      const timer = setTimeout(resolve, waitMs);
      this.asked.set(id, report => {
        reports.push(report);
        if (reports.length < expected) return;
        clearTimeout(timer);
        resolve();
      });
      this.messenger.sendToApp(ipcNames.metricsCollect, { id });
    });
    this.asked.delete(id);
    return reports;
  }
}

function claimsIn({ figures }: Report): number {
  const counted = figures.filter(({ name }) => claimNames.includes(name));
  return counted.reduce((total, figure) => total + sum(valuesSchema.parse(figure['values'])), 0);
}

function sum(values: readonly { value: number }[]): number {
  return values.reduce((total, { value }) => total + value, 0);
}
