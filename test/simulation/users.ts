import type { JsonObject } from '../../app/domain/mergePatch';
import type { Watchbell } from '../../app/service/watchbell';
import type { Machine, Running } from './machine';
import type { Surroundings } from './process';
import type { Promises } from './promises';
import type { Deed, Scenario } from './scenario';

export interface UsersParts {
  world: Surroundings;
  scenario: Scenario;
  machines: readonly Machine[];
  promises: Promises;
}

type Answer = { ok: true; value: unknown } | { ok: false; error: unknown };

/** A deed whose answer did not come may still happen for this long. */
const unknownMs = 4000;
const lookMs = 200;
const options = { by: 'user', precondition: { type: 'none' }, dryRun: false } as const;

/** People who ask any worker that answers. What one asks about a job waits until the one before it was answered. */
export class Users {
  private readonly lines = new Map<string, Promise<void>>();
  private readonly bodies = new Map<string, JsonObject>();

  constructor(private readonly parts: UsersParts) {
    for (const { name, body } of parts.scenario.jobs) this.bodies.set(name, body);
  }

  /** The source and the channels first, then every deed at its time. */
  start(): void {
    const { timeline } = this.parts.world;
    timeline.at(250, () => {
      const set = this.inLine('', () => this.setUp());
      for (const { at, deed } of this.parts.scenario.deeds) {
        timeline.at(at, () => {
          void this.inLine(deed.job, async () => {
            await set;
            await this.perform(deed);
          });
        });
      }
    });
  }

  private inLine(job: string, work: () => Promise<void>): Promise<void> {
    const done = (this.lines.get(job) ?? Promise.resolve()).then(work);
    this.lines.set(job, done);
    return done;
  }

  private async setUp(): Promise<void> {
    const robot = { kind: 'robot', robot: 'robot' };
    const receiver = { kind: 'receiver', robot: 'receiver' };
    await this.until(({ definitions }) => definitions.sources.put('numbers', { kind: 'simulated' }, options));
    await this.until(({ definitions }) => definitions.channels.put('robot', robot, options));
    await this.until(({ definitions }) => definitions.channels.put('receiver', receiver, options));
  }

  /** Asks again until it is answered. */
  private async until(ask: (watchbell: Watchbell) => Promise<unknown>): Promise<void> {
    for (;;) {
      const answer = await this.ask('set up', ask);
      if (answer?.ok) return;
      await this.sleep(300);
    }
  }

  private async perform(deed: Deed): Promise<void> {
    const { promises, world } = this.parts;
    const { job } = deed;
    if (world.timeline.now > this.parts.scenario.calmFrom) return;
    if (deed.type === 'resume' || deed.type === 'create') promises.maybeRuns(job);
    if (deed.type === 'open' || deed.type === 'close') promises.maybeOpen(job);
    const answer = await this.ask(`${deed.type} ${job}`, watchbell => this.call(watchbell, deed));
    if (answer === null || !answer.ok) {
      await this.sleep(unknownMs);
      return;
    }
    const { now } = world.timeline;
    if (deed.type === 'pause' || deed.type === 'delete') promises.stop(job, now, deed.type);
    if (deed.type === 'close') promises.close(job, now, endOf(answer.value));
  }

  private async call({ definitions, mutes, runControl }: Watchbell, deed: Deed): Promise<unknown> {
    const { job } = deed;
    switch (deed.type) {
      case 'pause':
        return await definitions.jobs.pause(job, 'quiet', options);
      case 'resume':
        return await definitions.jobs.resume(job, options);
      case 'delete':
        return await definitions.jobs.delete(job, options);
      case 'runNow':
        return await runControl.run(job, 'user', null);
      case 'close':
        return await mutes.close([job], { forMs: Math.round(deed.forMs) }, 'user');
      case 'open':
        return await mutes.open([job], 'user');
      case 'create':
        return await definitions.jobs.put(job, this.bodies.get(job) ?? {}, options);
      case 'reschedule':
        return await definitions.jobs.patch(job, { schedule: everyMs(deed.everyMs) }, options);
      case 'retitle':
        return await definitions.jobs.patch(job, { title: deed.title }, options);
    }
  }

  /** One question to some worker; null where no answer comes because the worker dies. */
  private async ask(what: string, ask: (watchbell: Watchbell) => Promise<unknown>): Promise<Answer | null> {
    const { timeline, trace } = this.parts.world;
    const worker = await this.worker();
    const { watchbell } = worker;
    if (watchbell === null) return null;
    trace.add('user', 'asks', what, () => worker.process.name);
    const came = await new Promise<Answer | null>(resolve => {
      worker.process.arrive(timeline.now + 1, 'api', what, () => {
        ask(watchbell).then(
          value => resolve({ ok: true, value }),
          (error: unknown) => resolve({ ok: false, error }),
        );
      });
      void worker.process.death.then(() => resolve(null));
    });
    trace.add('user', 'answer', what, () => (came === null ? 'none' : came.ok ? 'ok' : String(came.error)));
    return came;
  }

  /** A worker that is there; waits for one. */
  private async worker(): Promise<Running> {
    for (;;) {
      const ready = this.parts.machines.flatMap(machine => machine.workers).filter(one => one.ready);
      if (ready.length > 0) return this.parts.world.random.pick(ready);
      await this.sleep(lookMs);
    }
  }

  private sleep(ms: number): Promise<void> {
    return new Promise(resolve => this.parts.world.timeline.in(ms, resolve));
  }
}

/** A merge patch that takes a cron expression away too. */
function everyMs(spanMs: number): JsonObject {
  return { everyMs: spanMs, cron: null, zone: null, dst: null, repeated: null };
}

function endOf(value: unknown): number | null {
  if (typeof value !== 'object' || value === null || !('endsAt' in value)) return null;
  return value.endsAt instanceof Date ? value.endsAt.getTime() : null;
}
