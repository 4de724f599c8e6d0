import { z } from 'zod';
import type { FieldError } from '../../domain/errors';
import { isJsonObject, type JsonObject } from '../../domain/mergePatch';
import { knownPart } from '../../domain/unknownFields';
import { check, shown } from '../validation';
import { jsonSchemaOf } from './fields';
import type { RemoteKind } from './kinds';
import { hideSecrets } from './secrets';
import { plain } from './writes';

/** What the body of a source or a channel must be, built over the registered kinds. */
export class RemoteSchemas {
  constructor(private readonly kinds: ReadonlyMap<string, RemoteKind>) {}

  /** Every fault at once. The settings come out as JSON with the defaults filled in. */
  check(body: JsonObject): { ok: true; kind: string; settings: JsonObject } | { ok: false; errors: FieldError[] } {
    const { kind: name, ...given } = body;
    const kind = typeof name === 'string' ? this.kinds.get(name) : undefined;
    if (kind === undefined) {
      const known = [...this.kinds.keys()].map(known => `"${known}"`).join(', ');
      const reason = name === undefined ? 'is missing' : `${shown(name)} is not a kind here`;
      return { ok: false, errors: [{ path: 'kind', message: `${reason}; known are ${known}` }] };
    }
    const settings = check(kind.settings, given, '', hideSecrets);
    if (!settings.ok) return settings;
    const json: unknown = plain(settings.value);
    return { ok: true, kind: kind.kind, settings: isJsonObject(json) ? json : {} };
  }

  /** Of stored settings what this version knows: the rest is a newer one's. */
  known(kind: string, settings: Record<string, unknown>): Record<string, unknown> {
    const known = this.kinds.get(kind);
    return known === undefined ? settings : fields.parse(knownPart(known.settings, settings));
  }

  /** JSON schema of a body, one form for each kind. */
  document(): Record<string, unknown> {
    return { oneOf: [...this.kinds.values()].map(withKind) };
  }
}

const fields = z.record(z.string(), z.unknown());

function withKind({ kind, settings }: RemoteKind): Record<string, unknown> {
  const document = jsonSchemaOf(settings);
  const properties = fields.safeParse(document['properties']);
  const required = z.array(z.string()).safeParse(document['required']);
  return {
    ...document,
    properties: { kind: { type: 'string', const: kind }, ...(properties.success ? properties.data : {}) },
    required: ['kind', ...(required.success ? required.data : [])],
  };
}
