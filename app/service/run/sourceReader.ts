import { z } from 'zod';
import { SourceError } from '../../domain/errors';
import type { SeriesPoint } from '../../domain/message/types';
import type { OutboundPolicy } from '../../net/types';
import type { AnySource, ForbiddenDatabase } from '../../source/types';
import { Gate } from './gate';
import type { TimeLimit } from './timeLimit';

interface OpenedDefinition {
  kind: string;
  settings: Record<string, unknown>;
}

export interface SourceReaderPorts {
  sources: ReadonlyMap<string, AnySource>;
  /** The newest settings of a source with its secrets open; null when there is none. */
  loadSource(name: string): Promise<OpenedDefinition | null>;
  outbound: OutboundPolicy;
  forbiddenDatabase: ForbiddenDatabase;
  /** Workers of this host: a source's maxConcurrent is for the host. */
  workers: number;
}

const limits = z.object({ timeoutMs: z.number().default(10_000), maxConcurrent: z.number().default(10) });

/** Reads defined sources for the executors, within each source's own limits. */
export class SourceReader {
  private readonly gate = new Gate();
  /** Loads asked for in this very turn of the loop: the runs of a batch start together and read one definition. */
  private readonly loading = new Map<string, Promise<OpenedDefinition | null>>();

  constructor(private readonly ports: SourceReaderPorts) {}

  /** Reads that wait for a place at their source. */
  get waiting(): number {
    return this.gate.waiting;
  }

  /** Throws SourceError; `queryId` is unique for the attempt. Waiting for a place does not count against the limit. */
  async read(
    { name, query, queryId }: { name: string; query: unknown; queryId: string },
    limit: TimeLimit,
    signal: AbortSignal,
  ): Promise<SeriesPoint[]> {
    const { sources, outbound, forbiddenDatabase, workers } = this.ports;
    const definition = await this.load(name);
    const source = definition === null ? undefined : sources.get(definition.kind);
    if (definition === null || source === undefined) throw new SourceError('noSource', `There is no source "${name}".`);
    const { timeoutMs, maxConcurrent } = limits.parse(definition.settings);
    const share = Math.max(1, Math.floor(maxConcurrent / workers));
    limit.pause();
    return await this.gate.through(name, share, signal, () => {
      limit.resume();
      return source.read(definition.settings, query, { queryId, timeoutMs, signal, outbound, forbiddenDatabase });
    });
  }

  private load(name: string): Promise<OpenedDefinition | null> {
    const known = this.loading.get(name);
    if (known !== undefined) return known;
    const load = Promise.resolve().then(() => {
      this.loading.delete(name);
      return this.ports.loadSource(name);
    });
    this.loading.set(name, load);
    return load;
  }
}
