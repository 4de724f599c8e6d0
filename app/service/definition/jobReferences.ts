import type { FieldError } from '../../domain/errors';
import { calendarModel, channelModel, sourceModel } from '../../model/definition';
import type { DefinitionWrite } from '../../repository/definitions';
import { check, shown } from '../validation';
import type { SourceReference } from './jobSchema';
import type { SourceKind } from './kinds';

/** What a job's body names besides itself. */
export interface Named {
  references: readonly SourceReference[];
  channels: readonly string[];
  /** Null where it names none. */
  calendar: string | null;
}

/** The sources, channels and the calendar that a job names must be defined, and its query one that the source can read. */
export class JobReferences {
  constructor(private readonly kinds: ReadonlyMap<string, SourceKind>) {}

  /** Faults of what is named, as it stands inside the write's transaction. */
  async faults({ references, channels, calendar }: Named, write: DefinitionWrite): Promise<FieldError[]> {
    const sources = await write.findLive(
      sourceModel,
      references.map(reference => reference.source),
    );
    const kindOf = new Map(sources.map(source => [source._id, source.kind]));
    const defined = new Set((await write.findLive(channelModel, channels)).map(channel => channel._id));
    const calendars = calendar === null ? [] : [calendar];
    const knownCalendars = await write.findLive(calendarModel, calendars);
    return [
      ...references.flatMap(reference => this.sourceFaults(reference, kindOf.get(reference.source))),
      ...channels.flatMap((name, index) =>
        defined.has(name) ? [] : [{ path: `notify.channels.${index}`, message: `there is no channel ${shown(name)}` }],
      ),
      ...calendars.flatMap(name =>
        knownCalendars.length > 0 ? [] : [{ path: 'calendar.name', message: `there is no calendar ${shown(name)}` }],
      ),
    ];
  }

  /** Whether a query fits a kind of source: its faults. */
  queryFaults(kind: string, query: { path: string; value: unknown }): FieldError[] {
    const source = this.kinds.get(kind);
    if (source === undefined)
      return [{ path: query.path, message: `sources of kind ${shown(kind)} are not known here` }];
    const checked = check(source.query, query.value, query.path);
    return checked.ok ? [] : checked.errors;
  }

  private sourceFaults({ path, source, query }: SourceReference, kind: string | undefined): FieldError[] {
    if (kind === undefined) return [{ path, message: `there is no source ${shown(source)}` }];
    return query === undefined ? [] : this.queryFaults(kind, query);
  }
}
