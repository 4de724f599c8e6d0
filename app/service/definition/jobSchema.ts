import { z } from 'zod';
import type { FieldError } from '../../domain/errors';
import type { JobSpec } from '../../domain/job/types';
import type { JsonObject } from '../../domain/mergePatch';
import { slugSchema } from '../../domain/slug';
import { spanBetween } from '../../domain/span';
import { knownPart } from '../../domain/unknownFields';
import type { JobDocument } from '../../repository/definitions';
import { check, shown } from '../validation';
import { jsonSchemaOf } from './fields';
import { specOf } from './jobView';
import type { JobKind } from './kinds';
import { orderFaults, timingFields } from './timingSchema';

/** A definition that a job names, and where in the body it does. */
export interface SourceReference {
  path: string;
  source: string;
  /** Absent where the settings have faults of their own: then only the source's existence can be checked. */
  query?: { path: string; value: unknown };
}

export type CheckedJob =
  | { ok: true; spec: JobSpec; references: SourceReference[] }
  | { ok: false; errors: FieldError[]; references: SourceReference[]; channels: string[]; calendar: string | null };

const dayMs = 86_400_000;
/** Under it a host that has just restarted its agent would call its occurrences missed (bounds of config/settings.ts). */
const leastGraceMs = 15_000;
const channelsPerJob = 20;
const labelsPerJob = 32;

/** What a job's body must be, built over the job kinds that are registered. */
export class JobSchemas {
  private readonly common;

  constructor(
    private readonly kinds: ReadonlyMap<string, JobKind>,
    defaultZone: string,
  ) {
    this.common = commonSchema([...kinds.keys()], defaultZone);
  }

  /** Every fault at once; what the job refers to is answered in either case, so that it can be checked too. */
  check(body: JsonObject, name: string): CheckedJob {
    const kind = typeof body['kind'] === 'string' ? body['kind'] : '';
    const executor = this.kinds.get(kind);
    const keys = executor === undefined ? [...this.kinds.keys()] : [kind];
    const common = checkCommon(this.common, keys, body);
    const settings = executor === undefined ? null : check(executor.settings, body[kind], kind);
    const order = [...orderFaults(body), ...ownLabelFaults(body)];
    if (common.ok && settings?.ok && executor !== undefined && order.length === 0) {
      const spec = { ...pickCommon(common.value), title: common.value.title ?? name, settings: settings.value };
      return { ok: true, spec, references: references(executor, settings.value) };
    }
    const errors = [...(common.ok ? [] : common.errors), ...(settings?.ok === false ? settings.errors : []), ...order];
    const known = settings?.ok && executor !== undefined ? references(executor, settings.value) : rawSource(body, kind);
    return { ok: false, errors, references: known, channels: rawChannels(body), calendar: rawCalendar(body) };
  }

  /** Of a stored job what this version knows: the rest is a newer one's. */
  known(stored: JobDocument): JobDocument {
    if (stored.spec === null) return stored;
    const spec = specOf(stored);
    const executor = this.kinds.get(spec.kind);
    const settings = executor === undefined ? spec.settings : knownPart(executor.settings, spec.settings);
    return { ...stored, spec: { ...spec, settings } };
  }

  /** JSON schema of a body, one form for each kind; `more` are fields that one route takes besides. */
  document(more: Record<string, z.ZodType> = {}): Record<string, unknown> {
    const forms = [...this.kinds.values()].map(executor =>
      jsonSchemaOf(this.common.extend({ kind: z.literal(executor.kind), [executor.kind]: executor.settings, ...more })),
    );
    return forms.length === 1 && forms[0] !== undefined ? forms[0] : { oneOf: forms };
  }
}

function commonSchema(kinds: string[], defaultZone: string) {
  return z.strictObject({
    kind: z.enum(kinds),
    title: z.string().max(200).optional(),
    enabled: z.boolean().default(true),
    labels: labelsSchema.default({}),
    ...timingFields(defaultZone),
    misfire: z.enum(['skip', 'last', 'all']).default('last'),
    misfireLimit: z.int().min(1).max(1000).default(10),
    graceMs: spanBetween(leastGraceMs, dayMs).default(leastGraceMs),
    onLost: z.enum(['retry', 'close']).default('retry'),
    overlap: z.enum(['skip', 'queue', 'allow', 'replace']).default('skip'),
    timeoutMs: spanBetween(100, dayMs).default(30_000),
    retry: z
      .strictObject({
        limit: z.int().min(0).max(10).default(2),
        backoffMs: spanBetween(0, 3_600_000).default(1000),
        factor: z.number().min(1).max(10).default(2),
      })
      .prefault({}),
    placement: z
      .strictObject({ on: z.enum(['one', 'every-host']).default('one'), hostLabels: hostLabelsSchema.default({}) })
      .prefault({}),
    notify: z
      .strictObject({
        channels: z.array(slugSchema).max(channelsPerJob).default([]),
        repeatMs: spanBetween(1000, 365 * dayMs)
          .nullable()
          .default(3_600_000),
        onResolved: z.boolean().default(true),
      })
      .prefault({}),
  });
}

type Common = z.infer<ReturnType<typeof commonSchema>>;

const labelsSchema = z
  .record(
    z.string().regex(/^[A-Za-z_][A-Za-z0-9_.-]{0,63}$/, {
      error: issue =>
        `${shown(issue.input)} is not a label's name: it begins with a letter or "_", and has 1 to 64 letters, digits, "_", "." and "-"`,
    }),
    z.string().max(256),
  )
  .refine(labels => Object.keys(labels).length <= labelsPerJob, { error: `at most ${labelsPerJob} labels` })
  .refine(labels => !Object.hasOwn(labels, 'job'), {
    error: 'the label "job" is set by Watchbell: every alert has it',
  });

const hostLabelsSchema = z
  .record(z.string().min(1).max(64), z.string().min(1).max(64))
  .refine(labels => Object.keys(labels).length <= labelsPerJob, { error: `at most ${labelsPerJob} labels` });

/** Read from the raw body, so that it is said together with the faults of other fields. */
function ownLabelFaults(body: JsonObject): FieldError[] {
  const given = z.object({
    placement: z.object({ on: z.literal('every-host') }),
    labels: z.object({ host: z.unknown() }),
  });
  if (!given.safeParse(body).success || !Object.hasOwn(Object(body['labels']), 'host')) return [];
  const message = 'the label "host" is set by Watchbell: with placement "every-host" every alert has it';
  return [{ path: 'labels', message }];
}

/** The part of a body that all kinds have; the kind's own key is known to it, and left to the executor's schema. */
function checkCommon(schema: ReturnType<typeof commonSchema>, kinds: readonly string[], body: JsonObject) {
  const own = Object.fromEntries(kinds.map(kind => [kind, z.unknown()]));
  const faults = check(schema.extend(own), body);
  if (!faults.ok) return faults;
  return check(schema, Object.fromEntries(Object.entries(body).filter(([name]) => !kinds.includes(name))));
}

/** Without what the kind adds. */
function pickCommon(common: Common): Omit<JobSpec, 'settings' | 'title'> {
  const { kind, enabled, labels, schedule, misfire, misfireLimit, graceMs, onLost, overlap } = common;
  const { timeoutMs, jitterMs, retry, startAt, endAt, calendar, placement, notify } = common;
  return {
    ...{ kind, enabled, labels, schedule, misfire, misfireLimit, graceMs, onLost, overlap },
    ...{ timeoutMs, jitterMs, retry, startAt, endAt, calendar, placement, notify },
  };
}

function references(executor: JobKind, settings: unknown): SourceReference[] {
  return executor.references(settings).map(({ source, query }) => ({
    path: `${executor.kind}.source`,
    source,
    query: { path: `${executor.kind}.query`, value: query },
  }));
}

function rawSource(body: JsonObject, kind: string): SourceReference[] {
  const raw = z.object({ source: slugSchema }).safeParse(body[kind]);
  return raw.success ? [{ path: `${kind}.source`, source: raw.data.source }] : [];
}

function rawChannels(body: JsonObject): string[] {
  const raw = z.object({ channels: z.array(z.unknown()).max(channelsPerJob) }).safeParse(body['notify']);
  if (!raw.success) return [];
  return raw.data.channels.flatMap(name => (slugSchema.safeParse(name).success ? [String(name)] : []));
}

function rawCalendar(body: JsonObject): string | null {
  const raw = z.object({ name: slugSchema }).safeParse(body['calendar']);
  return raw.success ? raw.data.name : null;
}
