import { randomUUID } from 'node:crypto';
import { AggregatorRegistry } from 'prom-client';
import {
  ipcNames,
  metricsAnswerSchema,
  metricsAskSchema,
  metricsCollectSchema,
  metricsReportSchema,
} from '../ipc/messages';
import type { Metrics } from './metrics';

type Figures = (typeof metricsReportSchema.shape.figures)['_output'];

/** A scrape waits this long for the agent, the agent a little less for its workers. */
const scrapeMs = 1500;
const collectMs = 1000;
/** Scrapes under way at once; more are answered with the process's own figures. */
const maxUnderWay = 20;

export interface WorkerMessenger {
  sendToAgent(action: string, data: unknown): void;
  on(action: string, listener: (data: unknown) => void): void;
}

export interface CollectorMessenger {
  sendTo(pid: number, action: string, data: unknown): void;
  sendToApp(action: string, data: unknown): void;
  on(action: string, listener: (data: unknown) => void): void;
}

/** Worker side of /metrics: a scrape meets one worker, its answer covers every process of the host. */
export class HostMetrics {
  private readonly asked = new Map<string, (reports: Figures[]) => void>();

  constructor(
    private readonly metrics: Metrics,
    private readonly messenger: WorkerMessenger,
    private readonly pid: number,
  ) {}

  listen(): void {
    this.messenger.on(ipcNames.metricsCollect, data => {
      const { id } = metricsCollectSchema.parse(data);
      void this.own().then(figures => this.messenger.sendToAgent(ipcNames.metricsReport, { id, figures }));
    });
    this.messenger.on(ipcNames.metricsAnswer, data => {
      const { id, reports } = metricsAnswerSchema.parse(data);
      this.asked.get(id)?.(reports);
    });
  }

  /** Prometheus' text format. While the agent does not answer: the figures of this process alone. */
  async text(): Promise<{ contentType: string; text: string }> {
    const reports = this.asked.size < maxUnderWay ? await this.ask() : [];
    const registry = AggregatorRegistry.aggregate(reports.length > 0 ? reports : [await this.own()]);
    return { contentType: registry.contentType, text: await registry.metrics() };
  }

  private async own(): Promise<Figures> {
    return metricsReportSchema.shape.figures.parse(await this.metrics.registry.getMetricsAsJSON());
  }

  private ask(): Promise<Figures[]> {
    const id = randomUUID();
    return new Promise(resolve => {
      const timer = setTimeout(() => finish([]), scrapeMs);
      const finish = (reports: Figures[]) => {
        clearTimeout(timer);
        this.asked.delete(id);
        resolve(reports);
      };
      this.asked.set(id, finish);
      this.messenger.sendToAgent(ipcNames.metricsAsk, { id, pid: this.pid });
    });
  }
}

/** Agent side: asks every worker and answers the one that was scraped. */
export class MetricsCollector {
  private readonly open = new Map<string, { reports: Figures[]; done: () => void }>();

  constructor(
    private readonly metrics: Metrics,
    private readonly messenger: CollectorMessenger,
    private readonly workers: () => readonly number[],
  ) {}

  listen(): void {
    this.messenger.on(ipcNames.metricsAsk, data => {
      const { id, pid } = metricsAskSchema.parse(data);
      if (this.open.size < maxUnderWay) void this.collect(id, pid);
    });
    this.messenger.on(ipcNames.metricsReport, data => {
      const { id, figures } = metricsReportSchema.parse(data);
      const entry = this.open.get(id);
      entry?.reports.push(figures);
      if (entry !== undefined && entry.reports.length >= this.workers().length) entry.done();
    });
  }

  private async collect(id: string, pid: number): Promise<void> {
    const reports: Figures[] = [];
    await new Promise<void>(resolve => {
      const timer = setTimeout(resolve, collectMs);
      const done = () => {
        clearTimeout(timer);
        resolve();
      };
      this.open.set(id, { reports, done });
      this.messenger.sendToApp(ipcNames.metricsCollect, { id });
    });
    this.open.delete(id);
    const own = metricsReportSchema.shape.figures.parse(await this.metrics.registry.getMetricsAsJSON());
    this.messenger.sendTo(pid, ipcNames.metricsAnswer, { id, reports: [own, ...reports] });
  }
}
