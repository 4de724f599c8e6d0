import type { Alert } from '../domain/alert/types';
import { NotFoundError } from '../domain/errors';
import type { AlertFilter, Alerts, Page } from '../repository/alerts';
import type { Jobs } from '../repository/jobs';
import type { MuteService } from './mutes';

type View = Record<string, unknown>;

/** Reads alerts for the API: with the mutes that hold them, and whether their job still judges them. */
export class AlertReader {
  constructor(
    private readonly alerts: Alerts,
    private readonly jobs: Jobs,
    private readonly mutes: MuteService,
  ) {}

  /** Open alerts. */
  async list(filter: AlertFilter): Promise<Page<View>> {
    const { items, nextCursor } = await this.alerts.list(filter);
    return { items: await this.views(items), nextCursor };
  }

  /** Throws NotFoundError. */
  async get(id: string): Promise<View> {
    const alert = await this.alerts.get(id);
    const [view] = alert === null ? [] : await this.views([alert]);
    if (view === undefined) throw noAlert(id);
    return view;
  }

  /** Newest first. Throws NotFoundError. */
  async transitions(id: string, options: { limit: number; cursor?: string }): Promise<Page<View>> {
    if ((await this.alerts.get(id)) === null) throw noAlert(id);
    const { items, nextCursor } = await this.alerts.transitions(id, options);
    return { items: items.map(transition => ({ ...transition })), nextCursor };
  }

  private async views(alerts: readonly Alert[]): Promise<View[]> {
    const [jobs, mutedBy] = await Promise.all([
      this.jobs.current([...new Set(alerts.map(alert => alert.job))]),
      this.mutes.mutedBy(alerts.map(alert => alert.labels)),
    ]);
    return alerts.map((alert, index) => {
      const job = jobs.get(alert.job);
      const judged = job?.enabled === true && job.paused === null && job.createdRevision === alert.jobCreatedRevision;
      return alertView(alert, !judged, mutedBy[index] ?? []);
    });
  }
}

function alertView(alert: Alert, stale: boolean, mutedBy: readonly string[]): View {
  const { alertId: id, job, series, state, value, since, resolvedAt, lastEvaluatedAt, seq, error, closed } = alert;
  return { id, job, series, state, value, since, resolvedAt, lastEvaluatedAt, seq, stale, closed, mutedBy, error };
}

function noAlert(id: string): NotFoundError {
  return new NotFoundError(`There is no alert "${id}".`);
}
