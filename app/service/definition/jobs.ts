import { type FieldError, ValidationError } from '../../domain/errors';
import type { JobSpec, Pause } from '../../domain/job/types';
import { isJsonObject, type JsonObject, mergePatch } from '../../domain/mergePatch';
import { jobModel } from '../../model/definition';
import type { DefinitionRepository, DefinitionWrite, JobDocument, WriteResult } from '../../repository/definitions';
import type { Hosts } from '../../repository/hosts';
import { page } from '../page';
import { endIdleness, idleSince } from './idleness';
import type { JobReferences, Named } from './jobReferences';
import type { CheckedJob, JobSchemas } from './jobSchema';
import { jobBody, jobReadOnly, jobView, liveHostsField, specOf, withLiveHosts } from './jobView';
import { opinionFaults } from './timingSchema';
import type { DefinitionChange, DefinitionSet, Deleted, ListQuery, WriteOptions, Written } from './types';
import { assertPrecondition, notFound, plain, sameJson, tombstoneMs, withoutReadOnly } from './writes';

export interface JobDependencies {
  repository: DefinitionRepository;
  schemas: JobSchemas;
  references: JobReferences;
  hosts: Pick<Hosts, 'taking'>;
  /** Wakes the agent of this host; called when the write is majority-durable. */
  announce(change: DefinitionChange): void;
  /** How long records of runs are kept. */
  runRetentionDays: number;
  /** The tombstone is durable: ends what the job left behind. */
  onDeleted(name: string): void;
}

/** A spec without faults and the sources that it names; its channels and its calendar stand in the spec. */
interface ValidJob {
  spec: JobSpec;
  sources: string[];
}

type Produce = (stored: JobDocument | null) => JsonObject;

/** Use cases of job definitions. */
export class JobDefinitions implements DefinitionSet {
  /** A job is read as far as this version knows it. */
  private readonly model;

  constructor(private readonly dependencies: JobDependencies) {
    const { schemas } = dependencies;
    this.model = { ...jobModel, schema: jobModel.schema.transform(stored => schemas.known(stored)) };
  }

  /** Throws NotFoundError. */
  async get(name: string): Promise<Record<string, unknown>> {
    const stored = await this.dependencies.repository.find(this.model, name);
    if (stored === null) throw notFound(what(name));
    return await withLiveHosts(jobView(stored), this.dependencies.hosts);
  }

  async list({ limit, after, filter }: ListQuery): Promise<{ items: Record<string, unknown>[]; next: string | null }> {
    const stored = await this.dependencies.repository.list(this.model, { limit: limit + 1, after, filter });
    const { items, last } = page(stored, limit);
    return { items: items.map(jobView), next: last?._id ?? null };
  }

  /** Creates or replaces. Throws ValidationError with every fault, PreconditionError. */
  async put(name: string, body: JsonObject, options: WriteOptions): Promise<Written> {
    return await this.save(name, () => body, options);
  }

  /** JSON merge patch over what GET answers. Throws NotFoundError, ValidationError, PreconditionError. */
  async patch(name: string, patch: JsonObject, options: WriteOptions): Promise<Written> {
    const { body: changes, readOnly } = splitReadOnly(patch);
    const produce: Produce = stored => {
      if (stored === null) throw notFound(what(name));
      const merged = mergePatch(asJson(jobBody(specOf(stored))), changes);
      return { ...(isJsonObject(merged) ? merged : {}), ...readOnly };
    };
    return await this.save(name, produce, options);
  }

  /** What PUT would store, checked as PUT does it; nothing is stored. Throws ValidationError with every fault. */
  async check(name: string, body: JsonObject): Promise<JobSpec> {
    return await this.dependencies.repository.write(async write => {
      const stored = live(await write.find(this.model, name));
      const { spec } = await this.validate(name, body, stored, write);
      return { commit: false, value: spec };
    });
  }

  /** Stops the job's schedule until resumed. */
  async pause(name: string, note: string, options: WriteOptions): Promise<Written> {
    return await this.setPaused(name, options, (now, current) =>
      current?.note === note ? current : { note, by: options.by, at: now },
    );
  }

  async resume(name: string, options: WriteOptions): Promise<Written> {
    return await this.setPaused(name, options, () => null);
  }

  /** Leaves a tombstone. Throws NotFoundError, PreconditionError. */
  async delete(name: string, options: WriteOptions): Promise<Deleted> {
    const { revision, changed } = await this.dependencies.repository.write(async write => {
      const stored = live(await write.find(this.model, name));
      assertPrecondition(options.precondition, what(name), stored?.revision ?? null);
      if (stored === null) throw notFound(what(name));
      if (options.dryRun) return { commit: false, value: { revision: stored.revision, changed: false } };
      await endIdleness(stored, null, write, this.dependencies.runRetentionDays);
      await write.replace(this.model, tombstone(stored, write, options.by));
      return { commit: true, value: { revision: write.revision, changed: true } };
    });
    if (changed) {
      this.dependencies.announce({ kind: 'job', name, revision });
      this.dependencies.onDeleted(name);
    }
    return { revision };
  }

  private async save(name: string, produce: Produce, options: WriteOptions): Promise<Written> {
    return await this.write(name, options, async (write, stored) => {
      assertPrecondition(options.precondition, what(name), stored?.revision ?? null);
      const valid = await this.validate(name, produce(stored), stored, write);
      if (stored !== null && sameJson(specOf(stored), valid.spec)) return stored;
      return { ...nextDocument(name, valid, stored, write), ...stamp(write, options) };
    });
  }

  private async setPaused(
    name: string,
    options: WriteOptions,
    change: (now: Date, current: Pause | null) => Pause | null,
  ): Promise<Written> {
    return await this.write(name, options, async (write, stored) => {
      assertPrecondition(options.precondition, what(name), stored?.revision ?? null);
      if (stored === null) throw notFound(what(name));
      const paused = change(write.now, stored.paused);
      if (sameJson(paused, stored.paused)) return stored;
      const plannedFromAt = paused === null ? write.now : stored.plannedFromAt;
      const changed = { ...stored, paused, plannedFromAt };
      return { ...changed, idleSinceAt: idleSince(changed, stored, write.now), ...stamp(write, options) };
    });
  }

  /** `change` answers the document to be stored; the very one that is stored where nothing changes. */
  private async write(
    name: string,
    options: WriteOptions,
    change: (write: DefinitionWrite, stored: JobDocument | null) => Promise<JobDocument>,
  ): Promise<Written> {
    const written = await this.dependencies.repository.write<Written>(async write => {
      const found = await write.find(this.model, name);
      const stored = live(found);
      const document = await change(write, stored);
      const commit = document !== stored && !options.dryRun;
      // What an earlier job of this name left behind is still to be swept.
      if (commit) {
        if (stored !== null) await endIdleness(stored, document, write, this.dependencies.runRetentionDays);
        await write.replace(this.model, { ...document, sweepUpTo: found?.sweepUpTo });
      }
      return result(commit, stored === null, document);
    });
    if (written.changed) this.dependencies.announce({ kind: 'job', name, revision: written.revision });
    return { ...written, view: await withLiveHosts(written.view, this.dependencies.hosts) };
  }

  private async validate(
    name: string,
    given: JsonObject,
    stored: JobDocument | null,
    write: DefinitionWrite,
  ): Promise<ValidJob> {
    const { [liveHostsField]: _told, ...sent } = given;
    const { body, errors } = withoutReadOnly(sent, jobReadOnly, stored === null ? { name } : jobView(stored));
    const checked = this.dependencies.schemas.check(body, name);
    const named = await this.dependencies.references.faults(namedBy(checked), write);
    const faults: FieldError[] = [...errors, ...(checked.ok ? [] : checked.errors), ...named];
    if (checked.ok && !(stored !== null && sameJson(specOf(stored).schedule, checked.spec.schedule))) {
      faults.push(...opinionFaults(checked.spec.schedule, write.now.getTime()));
    }
    if (!checked.ok || faults.length > 0) throw new ValidationError(faults);
    return { spec: checked.spec, sources: checked.references.map(reference => reference.source) };
  }
}

/** What the checked body names, with or without faults of its own. */
function namedBy(checked: CheckedJob): Named {
  const { references } = checked;
  if (!checked.ok) return { references, channels: checked.channels, calendar: checked.calendar };
  return { references, channels: checked.spec.notify.channels, calendar: checked.spec.calendar?.name ?? null };
}

function what(name: string): string {
  return `job "${name}"`;
}

function live(document: JobDocument | null): JobDocument | null {
  return document === null || document.deleted ? null : document;
}

function result(commit: boolean, created: boolean, document: JobDocument): WriteResult<Written> {
  return { commit, value: { created, changed: commit, revision: document.revision, view: jobView(document) } };
}

function stamp(write: DefinitionWrite, { by }: WriteOptions) {
  return { revision: write.revision, updatedAt: write.now, updatedBy: by };
}

function nextDocument(
  name: string,
  { spec, sources }: ValidJob,
  stored: JobDocument | null,
  write: DefinitionWrite,
): Omit<JobDocument, keyof ReturnType<typeof stamp>> {
  const next = {
    _id: name,
    createdRevision: stored?.createdRevision ?? write.revision,
    deleted: false,
    spec: { ...spec },
    sources: [...new Set(sources)],
    channels: spec.notify.channels,
    calendars: spec.calendar === null ? [] : [spec.calendar.name],
    plannedFromAt: stored !== null && !plannedAnew(specOf(stored), spec) ? stored.plannedFromAt : write.now,
    paused: stored?.paused ?? null,
  };
  return { ...next, idleSinceAt: idleSince(next, stored, write.now) };
}

/** The write enables or reschedules: nothing before it was ever due. */
function plannedAnew(before: JobSpec, after: JobSpec): boolean {
  const timing = ({ schedule, startAt, endAt, calendar }: JobSpec) => ({ schedule, startAt, endAt, calendar });
  return (after.enabled && !before.enabled) || !sameJson(timing(before), timing(after)) || isMoved(before, after);
}

/** Other hosts run every occurrence now: what they did not run before was never theirs. */
function isMoved({ placement: before }: JobSpec, { placement: after }: JobSpec): boolean {
  return before.on !== after.on || (after.on === 'every-host' && !sameJson(before.hostLabels, after.hostLabels));
}

function tombstone(stored: JobDocument, write: DefinitionWrite, by: string): JobDocument {
  return {
    ...stored,
    deleted: true,
    sweepUpTo: write.revision,
    spec: null,
    sources: [],
    channels: [],
    calendars: [],
    paused: null,
    idleSinceAt: null,
    revision: write.revision,
    updatedAt: write.now,
    updatedBy: by,
    expireAt: new Date(write.now.getTime() + tombstoneMs),
  };
}

function splitReadOnly(patch: JsonObject): { body: JsonObject; readOnly: JsonObject } {
  const names: readonly string[] = jobReadOnly;
  const part = (wanted: boolean) =>
    Object.fromEntries(Object.entries(patch).filter(([name]) => names.includes(name) === wanted));
  return { body: part(false), readOnly: part(true) };
}

function asJson(value: unknown): JsonObject {
  const json: unknown = plain(value);
  return isJsonObject(json) ? json : {};
}
