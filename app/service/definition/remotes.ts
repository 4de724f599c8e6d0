import { ConflictError, ValidationError } from '../../domain/errors';
import { isJsonObject, type JsonObject, mergePatch } from '../../domain/mergePatch';
import { channelModel, sourceModel } from '../../model/definition';
import type { ChannelDocument, DefinitionRepository, DefinitionWrite } from '../../repository/definitions';
import { page } from '../page';
import type { RemoteSchemas } from './remoteSchema';
import type { SecretBox } from './secretBox';
import { mask, open, scrub, seal, secretsOf, unmask } from './secrets';
import type { DefinitionChange, DefinitionSet, Deleted, ListQuery, WriteOptions, Written } from './types';
import { assertPrecondition, notFound, plain, sameJson, tombstoneMs, withoutReadOnly } from './writes';

export interface RemoteDependencies {
  kind: 'source' | 'channel';
  repository: DefinitionRepository;
  schemas: RemoteSchemas;
  box: SecretBox;
  /** Wakes the agent of this host; called when the write is majority-durable. */
  announce(change: DefinitionChange): void;
  /** Refuses another kind for one that jobs use and that could not read their queries; throws ConflictError. */
  assertKindChange(name: string, kind: string, write: DefinitionWrite): Promise<void>;
  /** It was broken and is no longer: what waits for it is due. */
  onHealed(name: string): Promise<void>;
}

/** A source or a channel with its secrets opened: what queries and senders need. */
export interface OpenRemote {
  kind: string;
  settings: JsonObject;
  revision: number;
  broken: ChannelDocument['broken'];
}

type Produce = (stored: Opened | null) => JsonObject;

/** A stored definition and its settings with the secrets in them. */
interface Opened {
  document: ChannelDocument;
  settings: JsonObject;
}

const readOnly = ['name', 'revision', 'createdRevision', 'updatedAt', 'updatedBy', 'broken'] as const;

/** Use cases of sources, or of channels. */
export class RemoteDefinitions implements DefinitionSet {
  /** A source is read as a channel that is never broken; of either what this version knows. */
  private readonly model;

  constructor(private readonly dependencies: RemoteDependencies) {
    const { collection, indexes } = dependencies.kind === 'source' ? sourceModel : channelModel;
    const { schemas } = dependencies;
    const schema = channelModel.schema.transform(stored => ({
      ...stored,
      settings: schemas.known(stored.kind, stored.settings),
    }));
    this.model = { collection, indexes, schema };
  }

  /** With its secrets; null where it is not defined. Throws SettingsError where the key does not fit. */
  async load(name: string): Promise<OpenRemote | null> {
    const document = await this.dependencies.repository.find(this.model, name);
    if (document === null) return null;
    const { kind, revision, broken } = document;
    return { kind, settings: this.open(document), revision, broken };
  }

  /** Throws NotFoundError. */
  async get(name: string): Promise<Record<string, unknown>> {
    const document = await this.dependencies.repository.find(this.model, name);
    if (document === null) throw notFound(this.what(name));
    return this.view(document);
  }

  async list({ limit, after, filter }: ListQuery): Promise<{ items: Record<string, unknown>[]; next: string | null }> {
    const found = await this.dependencies.repository.list(this.model, { limit: limit + 1, after, filter });
    const { items, last } = page(found, limit);
    return { items: items.map(document => this.view(document)), next: last?._id ?? null };
  }

  /** Creates or replaces; heals a broken channel. Throws ValidationError with every fault, PreconditionError, ConflictError. */
  async put(name: string, body: JsonObject, options: WriteOptions): Promise<Written> {
    return await this.save(name, () => body, options);
  }

  /** JSON merge patch over what GET answers. Throws as put, and NotFoundError. */
  async patch(name: string, patch: JsonObject, options: WriteOptions): Promise<Written> {
    const produce: Produce = stored => {
      if (stored === null) throw notFound(this.what(name));
      const merged = mergePatch({ kind: stored.document.kind, ...mask(stored.settings) }, patch);
      return isJsonObject(merged) ? merged : {};
    };
    return await this.save(name, produce, options);
  }

  /** Leaves a tombstone. Throws NotFoundError, PreconditionError, ConflictError that names the jobs that use it. */
  async delete(name: string, options: WriteOptions): Promise<Deleted> {
    const { revision, changed } = await this.dependencies.repository.write(async write => {
      const stored = await this.findIn(write, name);
      assertPrecondition(options.precondition, this.what(name), stored?.document.revision ?? null);
      if (stored === null) throw notFound(this.what(name));
      await this.assertUnused(name, write);
      if (options.dryRun) return { commit: false, value: { revision: stored.document.revision, changed: false } };
      const tombstone = { deleted: true, settings: {}, broken: null, expireAt: expiry(write.now) };
      await write.replace(this.model, { ...stored.document, ...tombstone, ...stamp(write, options) });
      return { commit: true, value: { revision: write.revision, changed: true } };
    });
    if (changed) this.dependencies.announce({ kind: this.dependencies.kind, name, revision });
    return { revision };
  }

  /** The remote took a message: a channel is broken no longer. */
  async heal(name: string): Promise<void> {
    if (this.dependencies.kind === 'source') return;
    if (await this.dependencies.repository.healChannel(name)) await this.dependencies.onHealed(name);
  }

  private async save(name: string, produce: Produce, options: WriteOptions): Promise<Written> {
    const { written, healed } = await this.dependencies.repository.write(async write => {
      const stored = await this.findIn(write, name);
      assertPrecondition(options.precondition, this.what(name), stored?.document.revision ?? null);
      const next = await this.next(name, produce(stored), stored, write, options);
      const commit = next !== stored?.document && !options.dryRun;
      if (commit) await write.replace(this.model, next);
      const view = { ...this.view(next), ...(this.dependencies.kind === 'channel' ? { broken: null } : {}) };
      const written = { created: stored === null, changed: commit, revision: next.revision, view };
      return { commit, value: { written, healed: commit && stored !== null && stored.document.broken !== null } };
    });
    const { kind } = this.dependencies;
    if (written.changed) this.dependencies.announce({ kind, name, revision: written.revision });
    if (healed) await this.dependencies.onHealed(name);
    else if (!options.dryRun) await this.heal(name);
    return written;
  }

  /** The document to be stored; the very one that is stored where nothing changes. */
  private async next(
    name: string,
    given: JsonObject,
    stored: Opened | null,
    write: DefinitionWrite,
    options: WriteOptions,
  ): Promise<ChannelDocument> {
    const { kind, settings } = this.validate(name, given, stored);
    const unchanged = stored !== null && stored.document.kind === kind;
    if (unchanged && sameJson(stored.settings, settings)) return stored.document;
    if (stored !== null && !unchanged) await this.dependencies.assertKindChange(name, kind, write);
    return {
      _id: name,
      kind,
      settings: seal(settings, this.dependencies.box, this.place(name)),
      broken: null,
      deleted: false,
      createdRevision: stored?.document.createdRevision ?? write.revision,
      ...stamp(write, options),
    };
  }

  private validate(name: string, given: JsonObject, stored: Opened | null): { kind: string; settings: JsonObject } {
    const view = stored === null ? { name } : this.view(stored.document);
    const { body, errors } = withoutReadOnly(given, readOnly, view);
    const kept = unmask(body, stored?.settings ?? {});
    const checked = this.dependencies.schemas.check(kept.settings);
    const faults = [...errors, ...kept.errors, ...(checked.ok ? [] : checked.errors)];
    if (checked.ok && faults.length === 0) return checked;
    const secrets = secretsOf(kept.settings);
    throw new ValidationError(faults.map(({ path, message }) => ({ path, message: scrub(message, secrets) })));
  }

  private async findIn(write: DefinitionWrite, name: string): Promise<Opened | null> {
    const document = await write.find(this.model, name);
    return document === null || document.deleted ? null : { document, settings: this.open(document) };
  }

  private async assertUnused(name: string, write: DefinitionWrite): Promise<void> {
    const jobs = await write.usedBy(this.dependencies.kind === 'source' ? 'sources' : 'channels', name);
    if (jobs.length === 0) return;
    const errors = jobs.map(job => ({ path: `jobs.${job}`, message: `uses the ${this.what(name)}` }));
    throw new ConflictError(
      `The ${this.what(name)} is used by the jobs ${jobs.join(', ')}; change them first.`,
      errors,
    );
  }

  private view(document: ChannelDocument): Record<string, unknown> {
    const { _id: name, kind, revision, createdRevision, updatedAt, updatedBy, broken } = document;
    const settings = mask(this.open(document));
    const health = this.dependencies.kind === 'channel' ? { broken } : {};
    return { name, kind, ...settings, ...health, revision, createdRevision, updatedAt, updatedBy };
  }

  private open(document: ChannelDocument): JsonObject {
    const settings: unknown = plain(document.settings);
    return open(isJsonObject(settings) ? settings : {}, this.dependencies.box, this.place(document._id));
  }

  private place(name: string): string {
    return `${this.model.collection}/${name}`;
  }

  private what(name: string): string {
    return `${this.dependencies.kind} "${name}"`;
  }
}

function stamp(write: DefinitionWrite, { by }: WriteOptions) {
  return { revision: write.revision, updatedAt: write.now, updatedBy: by };
}

function expiry(now: Date): Date {
  return new Date(now.getTime() + tombstoneMs);
}
