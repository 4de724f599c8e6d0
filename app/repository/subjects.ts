import { z } from 'zod';
import type { Matcher } from '../domain/mute/match';
import { alertModel } from '../model/alert';
import { jobModel } from '../model/definition';
import type { Database } from './database';

const jobName = z.object({ _id: z.string() });
const jobLabels = z.object({ _id: z.string(), spec: z.object({ labels: z.record(z.string(), z.string()) }) });
const subject = alertModel.schema.pick({ _id: true, job: true, series: true, labels: true, state: true });
const alertState = alertModel.schema.pick({ _id: true, state: true, closed: true });

/** An open alert as far as mutes look at it. */
export type Subject = z.infer<typeof subject>;

/** What mutes are about: jobs by name, and the labels and states of alerts. Reads only. */
export class Subjects {
  private readonly jobs;
  private readonly alerts;

  constructor(database: Database) {
    this.jobs = database.collection(jobModel);
    this.alerts = database.collection(alertModel);
  }

  /** Labels of each of these jobs that exists, `job` included. */
  async labelsOf(names: readonly string[]): Promise<Map<string, Record<string, string>>> {
    const found = await this.jobs
      .find({ _id: { $in: [...names] }, deleted: false })
      .project({ 'spec.labels': 1 })
      .toArray();
    const jobs = found.map(document => jobLabels.parse(document));
    return new Map(jobs.map(job => [job._id, { ...job.spec.labels, job: job._id }]));
  }

  /** Names of all jobs, at most `limit`. */
  async jobNames(limit: number): Promise<string[]> {
    const found = await this.jobs.find({ deleted: false }).project({ _id: 1 }).limit(limit).toArray();
    return found.map(document => jobName.parse(document)._id);
  }

  /** Open alerts; a matcher on the job itself narrows the query. */
  async *openAlerts(matchers: readonly Matcher[]): AsyncGenerator<Subject> {
    const jobs = matchers.flatMap(matcher => (matcher.label === 'job' && matcher.op === '=' ? [matcher.value] : []));
    const filter = jobs.length === 0 ? { closed: false } : { closed: false, job: { $in: jobs } };
    const fields = { job: 1, series: 1, labels: 1, state: 1 };
    for await (const document of this.alerts.find(filter).project(fields)) yield subject.parse(document);
  }

  /** The state of each open alert; closed ones are not in the answer. */
  async alertStates(ids: readonly string[]): Promise<Map<string, Subject['state']>> {
    const found = await this.alerts
      .find({ _id: { $in: [...ids] }, closed: false })
      .project({ state: 1, closed: 1 })
      .toArray();
    return new Map(found.map(document => alertState.parse(document)).map(alert => [alert._id, alert.state]));
  }
}
