import { calendarKinds } from '../domain/calendar/kinds';
import { calendarSettings } from './definition/calendarSchema';
import { jsonSchemaOf } from './definition/fields';
import type { RemoteKind, SourceKind } from './definition/kinds';

interface KindDocument {
  kind: string;
  /** JSON schema of the settings, without `kind`. */
  settings: Record<string, unknown>;
}

/** Every kind with the JSON schema of what it takes: what a console draws its forms from. */
export interface KindsDocument {
  jobs: KindDocument[];
  sources: (KindDocument & { query: Record<string, unknown> })[];
  channels: KindDocument[];
  calendars: KindDocument[];
}

export function kindsDocument(registries: {
  executors: ReadonlyMap<string, RemoteKind>;
  sources: ReadonlyMap<string, SourceKind>;
  channels: ReadonlyMap<string, RemoteKind>;
}): KindsDocument {
  return {
    jobs: [...registries.executors.values()].map(describe),
    sources: [...registries.sources.values()].map(kind => ({ ...describe(kind), query: jsonSchemaOf(kind.query) })),
    channels: [...registries.channels.values()].map(describe),
    calendars: [...calendarKinds.keys()].map(kind => describe({ kind, settings: calendarSettings })),
  };
}

function describe({ kind, settings }: RemoteKind): KindDocument {
  return { kind, settings: jsonSchemaOf(settings) };
}
