import type { SeriesPoint } from '../../app/domain/message/types';
import type { Remote, SendAnswer, SimulatedSend } from './plugs/types';
import type { SimProcess, Surroundings } from './process';
import type { Safety } from './safety';
import type { WorkPlan } from './scenario';

/** How the world of sources and channels is now. */
export interface RemoteConditions {
  /** Shares of messages that get another answer than "taken". */
  trouble: Record<Exclude<SendAnswer, 'taken'>, number>;
  /** Share of reads that fail. */
  failing: number;
}

export interface RemotesParts {
  world: Surroundings;
  safety: Safety;
  works: ReadonlyMap<string, WorkPlan>;
  conditions: () => RemoteConditions;
}

/** Everything that Watchbell talks to besides MongoDB: what checks read, and robots that take messages. */
export class Remotes {
  /** Work that has begun and not ended, by `run#fence`, with its process. */
  private readonly working = new Map<string, SimProcess>();
  private readonly ended = new Map<string, number>();

  constructor(private readonly parts: RemotesParts) {}

  /** As one process sees them. */
  of(process: SimProcess, memberId: () => string): Remote {
    return {
      read: (work, queryId, signal) => this.read(process, memberId(), { work, queryId, signal }),
      connect: signal => this.wait(process, 'connect', this.parts.world.random.span(2), signal),
      send: (message, signal, timeoutMs) => this.send(process, message, signal, timeoutMs),
    };
  }

  /** When a process that is there was last seen to work on this start of a run, in virtual ms; −∞: never. */
  workedAt(key: string): number {
    if (this.working.get(key)?.alive) return this.parts.world.timeline.now;
    return this.ended.get(key) ?? Number.NEGATIVE_INFINITY;
  }

  private async read(
    process: SimProcess,
    memberId: string,
    { work, queryId, signal }: { work: string; queryId: string; signal: AbortSignal },
  ): Promise<SeriesPoint[]> {
    const { world, safety, works, conditions } = this.parts;
    const plan = works.get(work);
    if (plan === undefined) throw new Error(`There is no work "${work}".`);
    const hash = queryId.lastIndexOf('#');
    world.trace.add(process.name, 'work', queryId);
    safety.started(memberId, queryId.slice(0, hash), Number(queryId.slice(hash + 1)));
    const isDeaf = plan.deaf && world.random.chance(0.3);
    const fails = world.random.chance(conditions().failing);
    this.working.set(queryId, process);
    try {
      await this.wait(process, 'worked', world.random.span(plan.workMs), isDeaf ? null : signal);
    } finally {
      this.working.delete(queryId);
      this.ended.set(queryId, world.timeline.now);
    }
    if (fails) throw new Error('The source is out of order.');
    return this.series(plan);
  }

  /** Values by the virtual time: each series is over its threshold for some time, then under it. */
  private series({ series, periodMs }: WorkPlan): SeriesPoint[] {
    const { now } = this.parts.world.timeline;
    return series.flatMap(({ name, phaseMs, vanishes }) => {
      const turn = Math.floor((now + phaseMs) / periodMs);
      if (vanishes && turn % 5 === 4) return [];
      return [{ labels: { name }, value: turn % 2 === 0 ? 50 : 150 }];
    });
  }

  private async send(
    process: SimProcess,
    message: SimulatedSend,
    signal: AbortSignal,
    timeoutMs: number,
  ): Promise<SendAnswer> {
    const { world, safety, conditions } = this.parts;
    const answer = drawn(conditions().trouble, world.random.next());
    const arrives =
      answer === 'taken' || (answer !== 'busy' && answer !== 'refusedConnection' && world.random.chance(0.5));
    world.trace.add(process.name, 'send', `${message.deliveryId}#${message.fence} ${answer}`);
    safety.handedOver(message, arrives);
    if (answer === 'silent') {
      await this.wait(process, 'silence', Math.max(timeoutMs, 1), signal);
      return 'silent';
    }
    await this.wait(process, 'sent', world.random.span(15), signal);
    return answer;
  }

  /** Rejects when the signal is aborted; a process that is gone waits for ever. */
  private async wait(process: SimProcess, what: string, spanMs: number, signal: AbortSignal | null): Promise<void> {
    const { timeline } = this.parts.world;
    await new Promise<void>((resolve, reject) => {
      const abort = () => reject(new Error('aborted'));
      if (signal?.aborted) return abort();
      process.arrive(timeline.now + spanMs, what, '', () => {
        signal?.removeEventListener('abort', abort);
        resolve();
      });
      signal?.addEventListener('abort', abort, { once: true });
    });
  }
}

function drawn(trouble: RemoteConditions['trouble'], share: number): SendAnswer {
  let left = share;
  for (const answer of ['busy', 'refusedConnection', 'cutOff', 'silent'] as const) {
    left -= trouble[answer];
    if (left < 0) return answer;
  }
  return 'taken';
}
