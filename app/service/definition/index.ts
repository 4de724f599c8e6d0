import { ConflictError } from '../../domain/errors';
import { jobModel } from '../../model/definition';
import type { Database } from '../../repository/database';
import { DefinitionRepository, type DefinitionWrite } from '../../repository/definitions';
import { Drains } from '../../repository/drains';
import { Hosts } from '../../repository/hosts';
import { Members } from '../../repository/members';
import { CalendarSchemas } from './calendarSchema';
import { CalendarDefinitions } from './calendars';
import { JobReferences } from './jobReferences';
import { JobSchemas } from './jobSchema';
import { JobDefinitions } from './jobs';
import { specOf } from './jobView';
import type { JobKind, RemoteKind, SourceKind } from './kinds';
import { RemoteSchemas } from './remoteSchema';
import { RemoteDefinitions } from './remotes';
import type { SecretBox } from './secretBox';
import type { DefinitionChange } from './types';

export interface DefinitionsOptions {
  database: Database;
  box: SecretBox;
  executors: ReadonlyMap<string, JobKind>;
  sources: ReadonlyMap<string, SourceKind>;
  channels: ReadonlyMap<string, RemoteKind>;
  /** Zone of schedules that name none. */
  defaultZone: string;
  /** How long records of runs are kept. */
  runRetentionDays: number;
  /** MongoDB's time. */
  now(): Date;
  /** Limit of one write in ms, from its turn among the writes of this process on. */
  writeLimitMs: number;
  /** Wakes the agent of this host after a write has become majority-durable; must not throw. */
  announce(change: DefinitionChange): void;
  /** A job's tombstone is durable; must not throw. */
  onJobDeleted(name: string): void;
  /** A channel was broken and is no longer: its deliveries are due. */
  onChannelHealed(name: string): Promise<void>;
}

/** Jobs, sources, channels and calendars with what their bodies must be. */
export interface Definitions {
  jobs: JobDefinitions;
  sources: RemoteDefinitions;
  channels: RemoteDefinitions;
  calendars: CalendarDefinitions;
  schemas: { job: JobSchemas; source: RemoteSchemas; channel: RemoteSchemas; calendar: CalendarSchemas };
}

export function createDefinitions(options: DefinitionsOptions): Definitions {
  const repository = new DefinitionRepository(options.database, options.writeLimitMs);
  const references = new JobReferences(options.sources);
  const jobSchemas = new JobSchemas(options.executors, options.defaultZone);
  const schemas = {
    job: jobSchemas,
    source: new RemoteSchemas(options.sources),
    channel: new RemoteSchemas(options.channels),
    calendar: new CalendarSchemas(options.defaultZone),
  };
  const { announce } = options;
  const common = { repository, box: options.box, announce };
  return {
    schemas,
    jobs: new JobDefinitions({
      repository,
      references,
      hosts: new Hosts(new Members(options.database), new Drains(options.database)),
      schemas: jobSchemas,
      runRetentionDays: options.runRetentionDays,
      announce,
      onDeleted: options.onJobDeleted,
    }),
    calendars: new CalendarDefinitions({ repository, schemas: schemas.calendar, announce, now: options.now }),
    sources: new RemoteDefinitions({
      ...common,
      kind: 'source',
      onHealed: async () => undefined,
      schemas: schemas.source,
      assertKindChange: (name, kind, write) => assertReadable(options.executors, references, { name, kind, write }),
    }),
    channels: new RemoteDefinitions({
      ...common,
      kind: 'channel',
      onHealed: options.onChannelHealed,
      schemas: schemas.channel,
      assertKindChange: async () => undefined,
    }),
  };
}

/** Another kind of source must be able to read the queries of the jobs that use it. Throws ConflictError. */
async function assertReadable(
  executors: ReadonlyMap<string, JobKind>,
  references: JobReferences,
  { name, kind, write }: { name: string; kind: string; write: DefinitionWrite },
): Promise<void> {
  const jobs = await write.findLive(jobModel, await write.usedBy('sources', name, 0));
  const unreadable = jobs.filter(job => {
    const spec = specOf(job);
    const named = executors.get(spec.kind)?.references(spec.settings) ?? [];
    return named.some(({ query }) => references.queryFaults(kind, { path: 'query', value: query }).length > 0);
  });
  if (unreadable.length === 0) return;
  const names = unreadable.map(job => job._id);
  throw new ConflictError(
    `The source "${name}" cannot become one of kind "${kind}": it could not read the queries of the jobs ${names.join(', ')}.`,
    names.map(job => ({ path: `jobs.${job}`, message: `has a query that "${kind}" does not know` })),
  );
}
