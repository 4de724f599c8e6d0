import type { IpcConditions } from './ipc';
import type { Machine, Running } from './machine';
import type { ModelServer } from './model/server';
import type { Conditions, Route } from './network';
import type { Surroundings } from './process';
import type { RemoteConditions } from './remotes';
import type { Gust } from './weather';

export interface ClimateParts {
  world: Surroundings;
  machines: readonly Machine[];
  server: ModelServer;
  wayMs: number;
  fault(what: string): void;
}

const calmIpc: IpcConditions = { usualMs: 0.4, lost: 0, twice: 0 };
const calmRemotes: RemoteConditions = {
  trouble: { busy: 0, refusedConnection: 0, cutOff: 0, silent: 0 },
  failing: 0,
};

/** More, and hosts whose clocks are only somewhat wrong would be suspended for good. */
const mostSteppedMs = 2500;

/** Lets things break and mends them again; what it is like just now is asked of it. */
export class ClimateNow {
  ipc = calmIpc;
  remotes = calmRemotes;
  /** MongoDB's wall clock minus the virtual time. */
  databaseOffsetMs = Date.parse('2026-03-01T00:00:00Z');
  private steppedMs = 0;
  private network: Conditions;
  private downs = 0;
  /** Hosts whose way to MongoDB is long, in ms. */
  private readonly far = new Map<Machine, number>();
  private readonly outstanding = new Set<{ broken(): void }>();

  constructor(private readonly parts: ClimateParts) {
    this.network = { wayMs: parts.wayMs, lostBefore: 0, lostAfter: 0 };
  }

  /** The way of a machine's processes to MongoDB. */
  routeOf(machine: Machine): Route {
    const now = this;
    return {
      outstanding: this.outstanding,
      conditions: () => ({ ...this.network, wayMs: this.far.get(machine) ?? this.network.wayMs }),
      afterCut: go => machine.wire.after(go),
      get isDown() {
        return now.downs > 0;
      },
    };
  }

  blow(gusts: readonly Gust[]): void {
    const { timeline } = this.parts.world;
    for (const gust of gusts) {
      timeline.at(gust.at, () => {
        this.parts.world.trace.add('weather', gust.type, JSON.stringify(gust));
        const end = this.begin(gust);
        timeline.in(gust.forMs, () => {
          this.parts.world.trace.add('weather', 'ends', gust.type);
          end();
        });
      });
    }
  }

  /** Answers how it ends. */
  private begin(gust: Gust): () => void {
    switch (gust.type) {
      case 'databaseDown':
      case 'election':
        return this.databaseDown();
      case 'stepDatabaseClock':
        return this.stepDatabaseClock(gust.byMs);
      case 'lossyNetwork':
        return this.lossyNetwork(gust);
      case 'lossyIpc': {
        const { usualMs, lost, twice } = gust;
        this.ipc = { usualMs, lost, twice };
        return () => {
          this.ipc = calmIpc;
        };
      }
      case 'badRemotes': {
        const { failing, busy, refusedConnection, cutOff, silent } = gust;
        this.remotes = { trouble: { busy, refusedConnection, cutOff, silent }, failing };
        return () => {
          this.remotes = calmRemotes;
        };
      }
      default:
        return this.onHost(gust);
    }
  }

  private databaseDown(): () => void {
    this.downs += 1;
    this.parts.server.election();
    for (const request of [...this.outstanding]) request.broken();
    return () => {
      this.downs -= 1;
    };
  }

  /** A step forward stays, as the time server will have it; one back stays too: nothing of it may matter. */
  private stepDatabaseClock(byMs: number): () => void {
    const steppedMs = this.steppedMs + byMs;
    if (Math.abs(steppedMs) > mostSteppedMs) return () => undefined;
    this.steppedMs = steppedMs;
    this.databaseOffsetMs += byMs;
    return () => undefined;
  }

  private lossyNetwork({ wayMs, lostBefore, lostAfter }: Conditions): () => void {
    const before = this.network;
    this.network = { wayMs, lostBefore, lostAfter };
    return () => {
      this.network = before;
    };
  }

  private onHost(gust: Extract<Gust, { host: number }>): () => void {
    const machine = this.parts.machines[gust.host];
    if (machine === undefined) throw new Error(`There is no host ${gust.host}.`);
    switch (gust.type) {
      case 'killWorker':
      case 'killAgent':
        for (const one of this.some(machine, gust.type === 'killAgent' ? 'agent' : 'worker')) machine.kill(one);
        return () => undefined;
      case 'pauseWorker':
        return this.pause(machine, this.some(machine, 'worker'));
      case 'pauseAgent':
        return this.pause(machine, this.some(machine, 'agent'));
      case 'pauseHost':
        return this.pause(machine, [...machine.running]);
      case 'freezeHost':
        return this.freeze(machine);
      case 'cutHost':
        return this.cut(machine);
      case 'farHost':
        this.far.set(machine, gust.wayMs);
        return () => this.far.delete(machine);
      case 'crashHost':
        machine.crash(gust.reboot);
        return () => machine.start();
      case 'rollHost':
        return this.roll(machine);
      case 'stepClock':
        machine.clock.step(gust.byMs);
        return () => machine.clock.step(-gust.byMs);
    }
  }

  private some(machine: Machine, role: Running['role']): Running[] {
    const all = machine.running.filter(one => one.role === role);
    return all.length === 0 ? [] : [this.parts.world.random.pick(all)];
  }

  private pause(machine: Machine, members: readonly Running[]): () => void {
    for (const one of members) machine.pause(one);
    return () => {
      for (const one of members) machine.resume(one);
    };
  }

  /** One pause of a machine at a time: a machine that stands still cannot stand still again. */
  private freeze(machine: Machine): () => void {
    if (machine.isFrozen) return () => undefined;
    const frozen = machine.freeze();
    return () => machine.thaw(frozen);
  }

  private cut(machine: Machine): () => void {
    machine.wire.cut();
    return () => machine.wire.mend();
  }

  /** A rolling restart: the gust is as long as nobody starts it again. */
  private roll(machine: Machine): () => void {
    if (!machine.isUp) return () => undefined;
    const stopped = machine.stop();
    stopped.catch((error: unknown) => this.parts.fault(`${machine.hostId} does not stop: ${String(error)}`));
    return () => {
      void stopped.then(() => machine.start());
    };
  }
}
