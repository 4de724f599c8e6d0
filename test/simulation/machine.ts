import { ipcNames } from '../../app/ipc/messages';
import type { Watchbell } from '../../app/service/watchbell';
import type { WorkerSettings } from '../../app/service/workerSettings';
import { type IpcConditions, Mailbox, post } from './ipc';
import { MachineClock, SimProcess, type Surroundings } from './process';
import type { Instance, Outside, Program } from './sandbox';
import { startAgent, startWorker } from './starting';
import { Wire } from './wire';

/** What a machine needs of the world around it. */
export interface MachineParts {
  world: Surroundings;
  program: Program;
  settings: WorkerSettings;
  workers: number;
  ipc: () => IpcConditions;
  /** Gives a new process its ways to the outside. */
  outside(member: Running, file: (name: string) => string | null): Outside;
  /** Where a process finds MongoDB. */
  urlOf(process: SimProcess): string;
  /** Something that no run of the product may do. */
  fault(what: string): void;
  /** A process is there from now on, or is not any more. */
  born(member: Running): void;
  /** An instance that this world uses. */
  lent(instance: Instance): void;
  /** The agent announces occurrences. */
  announced(hostId: string, batch: unknown): void;
}

export type Role = 'agent' | 'worker';

/** A process of the product that runs. */
export interface Running {
  role: Role;
  process: SimProcess;
  mailbox: Mailbox;
  machine: Machine;
  /** Of workers: what the API would call; null until the code was started. */
  watchbell: Watchbell | null;
  ready: boolean;
  /** In virtual ms. */
  readyAt: number;
  /** What the master waits for; a process that dies before hands it on to the next. */
  firstReady: () => void;
  stop: () => Promise<void>;
}

/** Egg's master starts a worker again at once, its agent after a second. */
const restartMs: Record<Role, [number, number]> = { worker: [300, 900], agent: [1000, 1500] };
/** Egg kills a worker so long after its SIGTERM, and never its agent, which ends by itself then. */
const killAfterMs = 5000;

/** One host: a machine with its clock, Egg's master on it, one agent and its workers. */
export class Machine {
  readonly clock: MachineClock;
  /** To MongoDB. */
  readonly wire: Wire;
  running: Running[] = [];
  /** Between the start of its master and its end. */
  isUp = false;
  /** Stands still as a whole. */
  isFrozen = false;
  private readonly stats = new Map<number, string>();
  private bootId = 1;
  private masterPid = 0;
  private lastPid: number;
  private incarnations = 0;
  private generation = 0;

  constructor(
    readonly hostId: string,
    private readonly parts: MachineParts,
    offsetMs: number,
  ) {
    this.clock = new MachineClock(parts.world.timeline, offsetMs);
    this.wire = new Wire(parts.world);
    this.lastPid = 100 + parts.world.random.int(10_000);
  }

  get workers(): Running[] {
    return this.running.filter(one => one.role === 'worker');
  }

  /** Egg's order: the agent first, the workers when it is ready. */
  start(): void {
    if (this.isUp) return;
    if (this.isFrozen) {
      this.parts.world.timeline.in(50, () => this.start());
      return;
    }
    this.isUp = true;
    this.generation += 1;
    this.masterPid = this.nextPid();
    this.trace('master.start', `pid ${this.masterPid}`);
    const { generation } = this;
    this.spawn('agent', () => {
      // Its master may have been told to end meanwhile.
      if (!this.isUp || this.generation !== generation) return;
      for (let index = 0; index < this.parts.workers; index += 1) this.spawn('worker', () => undefined);
    });
  }

  /** Every process at once; with `reboot` the machine itself comes back as another boot. */
  crash(reboot: boolean): void {
    this.isUp = false;
    this.generation += 1;
    for (const one of [...this.running]) this.end(one, 'killed');
    if (!reboot) return;
    this.bootId += 1;
    this.wire.forget();
  }

  /** kill -9: the master starts another one. */
  kill(member: Running): void {
    if (!member.process.alive) return;
    this.end(member, 'killed');
    this.replace(member);
  }

  /** SIGTERM to the master, which ends its workers, then its agent; settles when the machine is empty. */
  async stop(): Promise<void> {
    this.isUp = false;
    this.generation += 1;
    const ended = [...this.running];
    for (const role of ['worker', 'agent'] as const) {
      const members = ended.filter(one => one.role === role && one.process.alive);
      await Promise.all(members.map(one => this.terminate(one)));
    }
  }

  private async terminate(member: Running): Promise<void> {
    const { timeline } = this.parts.world;
    await new Promise<void>(resolve => {
      const end = () => {
        if (member.process.alive) this.end(member, 'exit');
        resolve();
      };
      timeline.in(killAfterMs, end);
      member.process.arrive(timeline.now, 'SIGTERM', '', () => {
        member.stop().then(end, (error: unknown) => this.parts.fault(`${member.process.name} stop: ${String(error)}`));
      });
    });
  }

  /** SIGSTOP and SIGCONT. */
  pause(member: Running): void {
    this.trace('SIGSTOP', member.process.name);
    member.process.pause();
  }

  resume(member: Running): void {
    if (!member.process.alive) return;
    this.trace('SIGCONT', member.process.name);
    member.process.resume();
  }

  /** The virtual machine stands still with its monotonic clock; its wall clock has jumped when it goes on. */
  freeze(): Running[] {
    this.trace('vm.pause', this.hostId);
    this.isFrozen = true;
    this.clock.freeze();
    for (const { process } of this.running) process.pause();
    return [...this.running];
  }

  thaw(frozen: readonly Running[]): void {
    this.isFrozen = false;
    const stoodMs = this.clock.thaw();
    this.trace('vm.resume', `${Math.round(stoodMs)} ms`);
    for (const { process } of frozen) if (process.alive) process.resume(stoodMs);
  }

  private replace(member: Running): void {
    const { role, firstReady } = member;
    const { timeline, random } = this.parts.world;
    const { generation } = this;
    timeline.in(random.between(...restartMs[role]), () => {
      if (!this.isUp || this.generation !== generation) return;
      if (this.isFrozen) this.replace(member);
      else this.spawn(role, firstReady);
    });
  }

  private spawn(role: Role, firstReady: () => void): void {
    const { world, program, outside } = this.parts;
    this.incarnations += 1;
    const pid = this.nextPid();
    const process = new SimProcess(world, `${this.hostId}/${role}#${this.incarnations}`, pid, this.clock);
    this.stats.set(pid, statOf(pid, this.incarnations));
    const mailbox = new Mailbox(process);
    const stop = async () => undefined;
    const member: Running = {
      role,
      process,
      mailbox,
      machine: this,
      watchbell: null,
      ready: false,
      readyAt: Number.POSITIVE_INFINITY,
      firstReady,
      stop,
    };
    this.running.push(member);
    this.parts.born(member);
    const instance = program.take(outside(member, name => this.file(name)));
    this.parts.lent(instance);
    process.arrive(world.timeline.now + world.random.between(20, 150), 'start', role, () => {
      const started = role === 'agent' ? this.startAgent(member, instance) : this.startWorker(member, instance);
      started.then(
        () => this.ready(member),
        (error: unknown) => this.parts.fault(`${process.name} did not start: ${String(error)}`),
      );
    });
  }

  private startAgent(member: Running, instance: Instance): Promise<void> {
    return startAgent(member, instance, this.surroundings(member), {
      on: (action, listener) => member.mailbox.on(action, listener),
      sendToApp: (action, data) => this.toWorkers(action, data),
      sendTo: (pid, action, data) => this.toPid(pid, action, data),
    });
  }

  private startWorker(member: Running, instance: Instance): Promise<void> {
    return startWorker(member, instance, this.surroundings(member), {
      on: (action, listener) => member.mailbox.on(action, listener),
      sendToAgent: (action, data) => this.toAgent(action, data),
    });
  }

  private surroundings({ process }: Running) {
    const { parts, hostId, masterPid } = this;
    const { settings, workers, world, fault } = parts;
    const cluster = { ...settings.cluster, hostId, mongodbUrl: parts.urlOf(process) };
    return { settings: { ...settings, cluster }, workers, masterPid, trace: world.trace, fault };
  }

  private ready(member: Running): void {
    if (!member.process.alive) return;
    member.ready = true;
    member.readyAt = this.parts.world.timeline.now;
    this.trace('ready', member.process.name);
    member.firstReady();
    member.firstReady = () => undefined;
    this.tellPids();
  }

  private end(member: Running, how: string): void {
    this.trace(how, member.process.name);
    member.process.kill();
    this.stats.delete(member.process.pid);
    this.running = this.running.filter(one => one !== member);
    if (this.isUp) this.tellPids();
  }

  /** Egg tells its agent which workers there are. */
  private tellPids(): void {
    const pids = this.workers.filter(one => one.ready).map(one => one.process.pid);
    for (const one of this.running) if (one.role === 'agent') post(one.mailbox, 'egg-pids', pids, safe);
  }

  private toWorkers(action: string, data: unknown): void {
    for (const { mailbox } of this.workers) post(mailbox, action, data, this.parts.ipc());
  }

  private toPid(pid: number, action: string, data: unknown): void {
    if (action === ipcNames.run) this.parts.announced(this.hostId, data);
    for (const { process, mailbox } of this.running)
      if (process.pid === pid) post(mailbox, action, data, this.parts.ipc());
  }

  private toAgent(action: string, data: unknown): void {
    for (const { role, mailbox } of this.running) if (role === 'agent') post(mailbox, action, data, this.parts.ipc());
  }

  private nextPid(): number {
    this.lastPid += 1 + this.parts.world.random.int(5);
    return this.lastPid;
  }

  private file(name: string): string | null {
    if (name === '/proc/sys/kernel/random/boot_id') return `${this.hostId}-boot-${this.bootId}\n`;
    if (name === '/proc/self/ns/pid') return `pid:[${this.hostId}]`;
    const pid = /^\/proc\/(\d+)\/stat$/.exec(name)?.[1];
    return pid === undefined ? null : (this.stats.get(Number(pid)) ?? null);
  }

  private trace(what: string, detail: string): void {
    this.parts.world.trace.add(this.hostId, what, detail);
  }
}

/** Egg's own messages about its processes are not lost by the weather. */
const safe: IpcConditions = { usualMs: 0.5, lost: 0, twice: 0 };

/** What /proc/<pid>/stat says: the state, and in its 22nd field when the process was started. */
function statOf(pid: number, startTicks: number): string {
  return `${pid} (node) S ${'0 '.repeat(18)}${startTicks} 0`;
}
