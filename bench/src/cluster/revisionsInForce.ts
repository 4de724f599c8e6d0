import type { ChangeStream } from 'mongodb';
import { z } from 'zod';
import { memberModel } from '../../../app/model/member';
import type { Database } from '../../../app/repository/database';
import { eventually } from '../../../tools/cluster/eventually';

const answerSchema = z.object({ revision: z.number() });
const changeSchema = z.object({
  fullDocument: z.object({ _id: z.string(), hostId: z.string(), state: z.string(), appliedRevision: z.number() }),
});
const membersOfHost = 3;
const limitMs = 20_000;

/** Hears what each member reports as applied, as soon as MongoDB tells of it. */
export class RevisionsInForce {
  /** By member: its host, and when it first reported each revision or a higher one. */
  private readonly reports = new Map<string, { hostId: string; revision: number; at: number }[]>();

  private constructor(
    private readonly stream: ChangeStream,
    private readonly hostIds: readonly string[],
  ) {
    stream.on('change', change => {
      const parsed = changeSchema.safeParse(change);
      if (!parsed.success) return;
      const { _id, hostId, appliedRevision: revision } = parsed.data.fullDocument;
      const known = this.reports.get(_id) ?? [];
      if ((known.at(-1)?.revision ?? -1) < revision) known.push({ hostId, revision, at: Date.now() });
      this.reports.set(_id, known);
    });
  }

  static async watch(database: Database, hostIds: readonly string[]): Promise<RevisionsInForce> {
    const stream = database.collection(memberModel).watch([], { fullDocument: 'updateLookup', timeoutMS: 0 });
    const watching = new RevisionsInForce(stream, hostIds);
    // Each renewal is heard too: when every member was, the stream is open.
    await eventually(
      'every member is heard of',
      () => watching.reports.size >= hostIds.length * membersOfHost,
      limitMs,
    );
    return watching;
  }

  /** When the last member of each host had the revision of this answer in force, by host. */
  async everywhere(answer: unknown): Promise<Map<string, number>> {
    const { revision } = answerSchema.parse(answer);
    const reached = (hostId: string) =>
      [...this.reports.values()]
        .filter(known => known[0]?.hostId === hostId)
        .flatMap(known => known.find(report => report.revision >= revision)?.at ?? []);
    const complete = () => this.hostIds.every(hostId => reached(hostId).length >= membersOfHost);
    await eventually(`revision ${revision} is in force`, complete, limitMs);
    return new Map(this.hostIds.map(hostId => [hostId, Math.max(...reached(hostId))]));
  }

  async close(): Promise<void> {
    await this.stream.close();
  }
}
