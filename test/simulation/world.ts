import { ClimateNow } from './climate';
import type { Change } from './fields';
import { History } from './history';
import { Liveness } from './liveness';
import { Machine, type Running } from './machine';
import { attach } from './model/driver';
import { ModelServer } from './model/server';
import { SimulatedLink } from './network';
import type { SimProcess, Surroundings } from './process';
import { Random } from './random';
import { Remotes } from './remotes';
import { type Property, Safety } from './safety';
import type { Instance, Outside, Program } from './sandbox';
import type { Scenario } from './scenario';
import { Timeline } from './timeline';
import { type Step, Trace } from './trace';
import { Users } from './users';

export interface Violation {
  property: Property;
  detail: string;
  /** Virtual ms. */
  atMs: number;
}

export interface WorldResult {
  seed: number;
  violations: Violation[];
  /** Equal where the same happened. */
  digest: string;
  steps: number;
}

const database = 'watchbell';

/** Several hosts in one process on a virtual clock, and everything around them, from the start of a scenario to its end. */
export class World {
  private readonly surroundings: Surroundings;
  private readonly timeline = new Timeline();
  private readonly violations: Violation[] = [];
  private readonly server: ModelServer;
  private readonly machines: Machine[];
  private readonly climate: ClimateNow;
  private readonly safety: Safety;
  private readonly history = new History();
  private readonly remotes: Remotes;
  private readonly members = new Set<Running>();
  private readonly instances: Instance[] = [];
  private readonly detach: (() => void)[] = [];
  private changes: Change[] = [];

  constructor(
    private readonly program: Program,
    private readonly scenario: Scenario,
    listener: ((step: Step) => void) | null = null,
  ) {
    const { timeline } = this;
    const random = new Random(scenario.seed + 0.5 * 2 ** 33).fork();
    const trace = new Trace(() => timeline.now, listener);
    this.surroundings = { timeline, random, trace };
    this.server = new ModelServer({
      now: () => Math.floor(this.databaseNow()),
      monotonic: () => timeline.now,
      committed: ({ table, before, after }) => {
        this.changes.push({ collection: table.name.slice(database.length + 1), before, after });
      },
    });
    this.machines = scenario.hosts.map(host => this.machine(host.hostId, host.offsetMs));
    const { machines, server, surroundings: world } = this;
    const fault = (what: string) => this.blame('noFault', what);
    this.climate = new ClimateNow({ world, machines, server, wayMs: scenario.wayMs, fault });
    this.safety = new Safety({
      now: () => timeline.now,
      databaseNow: () => this.databaseNow(),
      isAlive: id => this.isAlive(id),
      blame: (property, detail) => this.blame(property, detail),
    });
    const works = new Map(scenario.jobs.map(job => [job.name, job.work]));
    this.remotes = new Remotes({ world, safety: this.safety, works, conditions: () => this.climate.remotes });
  }

  async run(): Promise<WorldResult> {
    const { timeline, scenario, machines, surroundings: world } = this;
    const unhandled = (reason: unknown) => this.blame('noFault', `nobody handles: ${said(reason)}`);
    process.on('unhandledRejection', unhandled);
    try {
      for (const [index, { startAtMs }] of scenario.hosts.entries()) {
        timeline.at(startAtMs, () => machines[index]?.start());
      }
      this.climate.blow(scenario.gusts);
      new Users({ world, scenario, machines, promises: this.safety.promises }).start();
      await timeline.run(scenario.endAt, () => this.violations.length > 0);
      if (this.violations.length === 0) this.checkLiveness();
    } finally {
      process.off('unhandledRejection', unhandled);
      this.end();
    }
    const { violations } = this;
    return { seed: scenario.seed, violations, digest: world.trace.digest, steps: timeline.steps };
  }

  private databaseNow(): number {
    return this.timeline.now + this.climate.databaseOffsetMs;
  }

  private machine(hostId: string, skewMs: number): Machine {
    const { surroundings: world, program, scenario } = this;
    const settings = {
      cluster: { ...scenario.cluster, hostId },
      secretKey: 'a key of a simulated cluster',
      publicUrl: null,
      defaultZone: 'UTC',
      outbound: { allowNets: [], allowLoopback: true },
      closeTokenInQuery: false,
      drill: false,
      maxRuns: scenario.maxRuns,
      maxSends: 5,
      alertRetentionDays: 30,
      deliveryRetentionDays: 30,
    };
    const parts = {
      ...{ world, program, settings, workers: scenario.workers },
      ipc: () => this.climate.ipc,
      outside: (member: Running, file: (name: string) => string | null) => this.outside(member, file),
      urlOf: (one: SimProcess) => `mongodb://${addressOf(one)}/${database}?replicaSet=rs0`,
      fault: (what: string) => this.blame('noFault', what),
      born: (member: Running) => this.members.add(member),
      lent: (instance: Instance) => this.instances.push(instance),
      announced: (host: string, batch: unknown) => this.history.announced(host, batch, this.timeline.now),
    };
    return new Machine(hostId, parts, Date.parse('2026-03-01T00:00:00Z') + skewMs);
  }

  /** What is outside one process: its own way to MongoDB, and the remotes. */
  private outside(member: Running, file: (name: string) => string | null): Outside {
    const { process, machine } = member;
    const { serverSelectionMs } = this.scenario.cluster;
    const serve: ModelServer['serve'] = (execute, settled) =>
      this.server.serve(() => {
        const answer = execute();
        this.look();
        return answer;
      }, settled);
    const link = new SimulatedLink(process, { serve }, this.climate.routeOf(machine), { serverSelectionMs });
    this.detach.push(attach(addressOf(process), { server: this.server, link }));
    const remote = this.remotes.of(process, () => member.watchbell?.memberId() ?? '');
    return { process, file, remote };
  }

  /** What the command that was just executed has changed. */
  private look(): void {
    if (this.changes.length === 0) return;
    const { changes } = this;
    this.changes = [];
    this.safety.observe(changes);
    this.history.observe(changes, this.databaseNow(), this.timeline.now);
  }

  /** Whether the process that says to be this member is there. */
  private isAlive(memberId: string): boolean {
    const [hostId, pid] = memberId.split(':');
    return [...this.members].some(
      ({ process, machine }) => process.alive && machine.hostId === hostId && String(process.pid) === pid,
    );
  }

  private checkLiveness(): void {
    const liveness = new Liveness({
      scenario: this.scenario,
      documents: name => this.documents(name),
      history: this.history,
      isAlive: id => this.isAlive(id),
      agents: new Map(
        [...this.members].map(({ machine, process }) => [`${machine.hostId}:${process.pid}`, process.diedAt]),
      ),
      workedAt: key => this.remotes.workedAt(key),
      databaseNow: this.databaseNow(),
      now: this.timeline.now,
      blame: (property, detail) => this.blame(property, detail),
    });
    liveness.check();
  }

  private documents(name: string) {
    const found = [];
    for (const { doc } of this.server.table(`${database}.${name}`).entries.values()) if (doc !== null) found.push(doc);
    return found;
  }

  private blame(property: Property, detail: string): void {
    this.violations.push({ property, detail, atMs: this.timeline.now });
    this.surroundings.trace.add('check', 'VIOLATED', property, () => detail);
  }

  private end(): void {
    for (const { process } of this.members) process.kill();
    for (const detach of this.detach) detach();
    this.program.giveBack(this.instances);
  }
}

function addressOf({ name }: SimProcess): string {
  return name.replace(/[^a-z0-9]/g, '-');
}

function said(reason: unknown): string {
  return reason instanceof Error ? (reason.stack ?? reason.message) : String(reason);
}
