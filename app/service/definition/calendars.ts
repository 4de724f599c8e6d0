import type { CalendarSpec } from '../../domain/calendar/types';
import { ConflictError, type FieldError, ValidationError } from '../../domain/errors';
import { isJsonObject, type JsonObject, mergePatch } from '../../domain/mergePatch';
import { calendarModel } from '../../model/definition';
import type { CalendarDocument, DefinitionRepository, DefinitionWrite } from '../../repository/definitions';
import { page } from '../page';
import { type CalendarImport, withImported } from './calendarImport';
import type { CalendarSchemas } from './calendarSchema';
import { calendarReadOnly, calendarSpecOf, calendarView } from './calendarView';
import { readIcal } from './ical';
import type { DefinitionChange, DefinitionSet, Deleted, ListQuery, WriteOptions, Written } from './types';
import { assertPrecondition, notFound, plain, sameJson, tombstoneMs, withoutReadOnly } from './writes';

export interface CalendarDependencies {
  repository: DefinitionRepository;
  schemas: CalendarSchemas;
  /** MongoDB's time: calendars that end say so before. */
  now(): Date;
  /** Wakes the agent of this host; called when the write is majority-durable. */
  announce(change: DefinitionChange): void;
}

/** What is to be stored, and what the answer says besides. */
interface Produced {
  body: JsonObject;
  answer?: Record<string, unknown>;
}

type Produce = (stored: CalendarDocument | null) => Produced;

/** Use cases of calendars. */
export class CalendarDefinitions implements DefinitionSet {
  constructor(private readonly dependencies: CalendarDependencies) {}

  /** Throws NotFoundError. */
  async get(name: string): Promise<Record<string, unknown>> {
    const stored = await this.dependencies.repository.find(calendarModel, name);
    if (stored === null) throw notFound(what(name));
    return calendarView(stored, this.dependencies.now());
  }

  async list({ limit, after, filter }: ListQuery): Promise<{ items: Record<string, unknown>[]; next: string | null }> {
    const found = await this.dependencies.repository.list(calendarModel, { limit: limit + 1, after, filter });
    const { items, last } = page(found, limit);
    const now = this.dependencies.now();
    return { items: items.map(document => calendarView(document, now)), next: last?._id ?? null };
  }

  /** Creates or replaces. Throws ValidationError with every fault, PreconditionError. */
  async put(name: string, body: JsonObject, options: WriteOptions): Promise<Written> {
    return await this.save(name, () => ({ body }), options);
  }

  /** JSON merge patch over what GET answers. Throws NotFoundError, ValidationError, PreconditionError. */
  async patch(name: string, patch: JsonObject, options: WriteOptions): Promise<Written> {
    const produce: Produce = stored => {
      if (stored === null) throw notFound(what(name));
      const merged = mergePatch(asJson(calendarSpecOf(stored)), patch);
      return { body: isJsonObject(merged) ? merged : {} };
    };
    return await this.save(name, produce, options);
  }

  /** Takes the days of an iCalendar file, all or none. Throws NotFoundError, ValidationError, PreconditionError. */
  async import(name: string, given: CalendarImport, options: WriteOptions): Promise<Written> {
    // Outside of the transaction: it may take a second.
    const days = readIcal(given.ical, this.dependencies.now());
    const produce: Produce = stored => {
      if (stored === null) throw notFound(what(name));
      const { spec, added } = withImported(calendarSpecOf(stored), days, given);
      return { body: asJson(spec), answer: { added } };
    };
    return await this.save(name, produce, options);
  }

  /** Leaves a tombstone. Throws NotFoundError, PreconditionError, ConflictError that names the jobs that use it. */
  async delete(name: string, options: WriteOptions): Promise<Deleted> {
    const { revision, changed } = await this.dependencies.repository.write(async write => {
      const stored = live(await write.find(calendarModel, name));
      assertPrecondition(options.precondition, what(name), stored?.revision ?? null);
      if (stored === null) throw notFound(what(name));
      await assertUnused(name, write);
      if (options.dryRun) return { commit: false, value: { revision: stored.revision, changed: false } };
      const expireAt = new Date(write.now.getTime() + tombstoneMs);
      await write.replace(calendarModel, { ...stored, deleted: true, spec: null, expireAt, ...stamp(write, options) });
      return { commit: true, value: { revision: write.revision, changed: true } };
    });
    if (changed) this.dependencies.announce({ kind: 'calendar', name, revision });
    return { revision };
  }

  private async save(name: string, produce: Produce, options: WriteOptions): Promise<Written> {
    const written = await this.dependencies.repository.write<Written>(async write => {
      const stored = live(await write.find(calendarModel, name));
      assertPrecondition(options.precondition, what(name), stored?.revision ?? null);
      const { body, answer = {} } = produce(stored);
      const next = this.next(name, this.validate(name, body, stored, write), stored, write, options);
      const commit = next !== stored && !options.dryRun;
      if (commit) await write.replace(calendarModel, next);
      const view = { ...calendarView(next, write.now), ...answer };
      return { commit, value: { created: stored === null, changed: commit, revision: next.revision, view } };
    });
    if (written.changed) this.dependencies.announce({ kind: 'calendar', name, revision: written.revision });
    return written;
  }

  /** The document to be stored; the very one that is stored where nothing changes. */
  private next(
    name: string,
    spec: CalendarSpec,
    stored: CalendarDocument | null,
    write: DefinitionWrite,
    options: WriteOptions,
  ): CalendarDocument {
    if (stored !== null && sameJson(stored.spec, spec)) return stored;
    const createdRevision = stored?.createdRevision ?? write.revision;
    return { _id: name, spec, deleted: false, createdRevision, ...stamp(write, options) };
  }

  private validate(
    name: string,
    given: JsonObject,
    stored: CalendarDocument | null,
    write: DefinitionWrite,
  ): CalendarSpec {
    const view = stored === null ? { name } : calendarView(stored, write.now);
    const { body, errors } = withoutReadOnly(given, calendarReadOnly, view);
    // It comes with time, not with a write: who writes back what GET answered need not know.
    const { warning: _warning, ...rest } = body;
    const checked = this.dependencies.schemas.check(rest);
    const faults: FieldError[] = [...errors, ...(checked.ok ? [] : checked.errors)];
    if (!checked.ok || faults.length > 0) throw new ValidationError(faults);
    return checked.spec;
  }
}

async function assertUnused(name: string, write: DefinitionWrite): Promise<void> {
  const jobs = await write.usedBy('calendars', name);
  if (jobs.length === 0) return;
  const errors = jobs.map(job => ({ path: `jobs.${job}`, message: `uses the ${what(name)}` }));
  throw new ConflictError(`The ${what(name)} is used by the jobs ${jobs.join(', ')}; change them first.`, errors);
}

function what(name: string): string {
  return `calendar "${name}"`;
}

function live(document: CalendarDocument | null): CalendarDocument | null {
  return document === null || document.deleted ? null : document;
}

function stamp(write: DefinitionWrite, { by }: WriteOptions) {
  return { revision: write.revision, updatedAt: write.now, updatedBy: by };
}

function asJson(value: unknown): JsonObject {
  const json: unknown = plain(value);
  return isJsonObject(json) ? json : {};
}
