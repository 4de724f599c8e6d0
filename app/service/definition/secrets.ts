import type { FieldError } from '../../domain/errors';
import { isJsonObject, type Json, type JsonObject } from '../../domain/mergePatch';
import { type SecretBox, sealedPrefix } from './secretBox';

/** What answers show instead of a secret; writing it back keeps the stored one. */
const masked = '********';

const secretNames = new Set([
  'password',
  'key',
  'secret',
  'token',
  'authorization',
  'cookie',
  'apikey',
  'api_key',
  'x-api-key',
  'access_token',
]);
const urlShape = /^[a-z][a-z0-9+.-]*:\/\//i;
const userinfo = /^([a-z][a-z0-9+.-]*:\/\/[^/?#:@]*:)([^/?#]+)(?=@)/i;
const query = /([?&](key|token|access_token|secret|password)=)([^&#]+)/gi;

/** Settings as an answer may show them. */
export function mask(settings: JsonObject): JsonObject {
  return walk(settings, ({ name, value }) => {
    if (isSecretName(name)) return value === '' ? value : masked;
    return maskUrl(value);
  });
}

/** A wrong value as a message may show it: nothing of a secret, not even a part. */
export function hideSecrets(value: unknown, path: readonly PropertyKey[]): unknown {
  if (isJsonObject(value)) return mask(value);
  if (Array.isArray(value)) return value.map(item => hideSecrets(item, path));
  if (typeof value !== 'string') return value;
  return path.some(name => isSecretName(String(name))) ? masked : maskUrl(value);
}

/** Puts the stored secrets where the given settings show the mask; faults name each mask that stands for nothing. */
export function unmask(given: JsonObject, stored: JsonObject): { settings: JsonObject; errors: FieldError[] } {
  const errors: FieldError[] = [];
  const settings = walk(given, ({ name, value, path }) => {
    const old = at(stored, path);
    const kept = isSecretName(name) ? (value === masked ? old : value) : unmaskUrl(value, old);
    if (typeof kept === 'string') return kept;
    errors.push({ path: path.join('.'), message: `"${masked}" stands for a stored secret, and none is stored here` });
    return value;
  });
  return { settings, errors };
}

/** Settings as they are stored: every value that holds a secret is sealed. `place` is `collection/name`. */
export function seal(settings: JsonObject, box: SecretBox, place: string): JsonObject {
  return walk(settings, ({ name, value, path }) =>
    holdsSecret(name, value) ? box.seal(value, `${place}/${path.join('.')}`) : value,
  );
}

/** The opposite of seal. Throws SettingsError where a value cannot be opened. */
export function open(settings: JsonObject, box: SecretBox, place: string): JsonObject {
  return walk(settings, ({ value, path }) =>
    value.startsWith(sealedPrefix) ? box.open(value, `${place}/${path.join('.')}`) : value,
  );
}

/** Every secret in opened settings: what no message may repeat. */
export function secretsOf(settings: JsonObject): string[] {
  const found: string[] = [];
  walk(settings, ({ name, value }) => {
    if (isSecretName(name)) found.push(value);
    else found.push(...urlSecrets(value));
    return value;
  });
  const texts = found.filter(secret => secret !== '');
  return [...texts, ...texts.map(decoded)];
}

/** A message without any of the secrets. */
export function scrub(message: string, secrets: readonly string[]): string {
  return secrets.reduce((text, secret) => text.replaceAll(secret, masked), message);
}

interface Leaf {
  name: string;
  value: string;
  path: string[];
}

/** The same settings with each text replaced; within lists the name is that of the list. */
function walk(settings: JsonObject, change: (leaf: Leaf) => string): JsonObject {
  const visit = (value: Json, name: string, path: string[]): Json => {
    if (typeof value === 'string') return change({ name, value, path });
    if (Array.isArray(value)) return value.map((item, index) => visit(item, name, [...path, String(index)]));
    return isJsonObject(value) ? visitFields(value, path) : value;
  };
  const visitFields = (fields: JsonObject, path: string[]): JsonObject =>
    Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, visit(value, name, [...path, name])]));
  return visitFields(settings, []);
}

function at(settings: JsonObject, path: readonly string[]): string | undefined {
  let value: Json | undefined = settings;
  for (const name of path) {
    if (Array.isArray(value)) value = value[Number(name)];
    else value = isJsonObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
  }
  return typeof value === 'string' ? value : undefined;
}

function isSecretName(name: string): boolean {
  return secretNames.has(name.toLowerCase());
}

function holdsSecret(name: string, value: string): boolean {
  return value !== '' && (isSecretName(name) || urlSecrets(value).length > 0 || value.startsWith(sealedPrefix));
}

function urlSecrets(value: string): string[] {
  if (!urlShape.test(value)) return [];
  const inQuery = [...value.matchAll(query)].map(match => match[3] ?? '');
  return [userinfo.exec(value)?.[2] ?? '', ...inQuery].filter(secret => secret !== '');
}

function maskUrl(value: string): string {
  if (!urlShape.test(value)) return value;
  return value.replace(userinfo, `$1${masked}`).replace(query, `$1${masked}`);
}

/** undefined where the mask stands in the url and the stored url has no such part. */
function unmaskUrl(value: string, stored: string | undefined): string | undefined {
  if (!urlShape.test(value)) return value;
  let complete = true;
  const keep = (secret: string, old: string | undefined) => {
    if (secret !== masked) return secret;
    if (old === undefined || old === '') complete = false;
    return old ?? secret;
  };
  const oldUser = userinfo.exec(stored ?? '')?.[2];
  const oldParameters = [...(stored ?? '').matchAll(query)];
  const url = value
    .replace(userinfo, (_all, before: string, secret: string) => before + keep(secret, oldUser))
    .replace(query, (_all, before: string, name: string, secret: string) => {
      const index = oldParameters.findIndex(match => match[2]?.toLowerCase() === name.toLowerCase());
      return before + keep(secret, index < 0 ? undefined : oldParameters.splice(index, 1)[0]?.[3]);
    });
  return complete ? url : undefined;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
