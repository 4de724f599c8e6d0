import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { type Embedded, startReplicaSet, startTemporary, type TemporaryReplicaSet } from '@watchbell/mongod';
import { firstAdminToken } from '../cli/firstToken';
import { eventually } from '../cluster/eventually';
import { Host } from '../cluster/host';
import { Cleanup } from '../demo/parts';
import { CommandError } from '../errors';
import { DrillApi } from './api';
import { StepClock } from './clock';
import { type Network, type Networks, networks } from './network';
import { Witness } from './witness';

/** What a fault needs around it: one mongod, three of them, hosts in networks of their own, clocks that can be stepped. */
export type StageKind = 'plain' | 'replicaSet' | 'networks' | 'clocks';

export interface StageOptions {
  kind: StageKind;
  /** The project's folder, built. */
  root: string;
  /** The drill's own folder. */
  folder: string;
  signal: AbortSignal;
  say(line: string): void;
}

/** One host of the drill, and what may be done to it beside ending its processes. */
export interface Player {
  host: Host;
  network: Network | null;
  clock: StepClock | null;
}

const hostNames = ['a', 'b'] as const;
const workers = 2;
const readyMs = 60_000;

/** Two hosts with two workers each on a MongoDB of their own, and the witness beside them. */
export class Stage {
  readonly players: Player[] = [];
  private readonly cleanup = new Cleanup();
  private readonly secretKey = randomBytes(32).toString('base64');
  private readonly folder: string;
  private node: Embedded | null = null;
  private set: TemporaryReplicaSet | null = null;
  private mongodbClock: StepClock | null = null;
  private parts: { witness: Witness; api: DrillApi; witnessUrl: string } | null = null;

  constructor(private readonly options: StageOptions) {
    this.folder = path.join(options.folder, options.kind);
  }

  /** Throws CommandError where a part does not come up; `close` ends what did. */
  async start(): Promise<void> {
    const { kind, signal, say } = this.options;
    const startedAt = performance.now();
    await mkdir(this.folder, { recursive: true });
    const mongodbUrl = await this.startMongodb();
    const nets = kind === 'networks' ? await networks(hostNames.length, this.mongod.port) : null;
    for (const network of nets?.each ?? []) this.cleanup.add('network', () => network.remove());
    const witness = await this.startWitness(nets?.witnessAddress ?? '127.0.0.1');
    const token = await firstAdminToken({}, mongodbUrl);
    if (token === null) throw new CommandError('The drill found a token that it has not made.');
    const api = new DrillApi(() => this.players.map(({ host }) => host.url), token, signal);
    this.parts = { ...witness, api };
    await this.startHosts(mongodbUrl, nets);
    await api.assertDrillKind();
    const around = nets === null ? '' : `, ${nets.what}`;
    const tookS = ((performance.now() - startedAt) / 1000).toFixed(1);
    say(
      `Stage "${kind}": ${hostNames.length} hosts × ${workers} workers, ${this.mongodbWords()}${around} (${tookS} s)`,
    );
  }

  get api(): DrillApi {
    return this.present(this.parts, 'API').api;
  }

  get witness(): Witness {
    return this.present(this.parts, 'witness').witness;
  }

  /** What the jobs are told. */
  get witnessUrl(): string {
    return this.present(this.parts, 'witness').witnessUrl;
  }

  /** The one mongod; the first where there are several. */
  get mongod(): Embedded {
    return this.present(this.node, 'mongod');
  }

  get replicaSet(): TemporaryReplicaSet {
    return this.present(this.set, 'replica set');
  }

  get mongodClock(): StepClock {
    return this.present(this.mongodbClock, 'clock of mongod');
  }

  /** Waits until every host has all of its processes again and is ready. */
  async healed(): Promise<void> {
    for (const { host } of this.players) {
      const whole = async () => host.workerPids().length === workers && host.agentPid() > 0 && (await host.isReady());
      await eventually(`host ${host.options.hostId} is whole again`, whole, readyMs, this.options.signal);
    }
  }

  /** Answers what could not be ended. */
  async close(): Promise<string[]> {
    return await this.cleanup.run();
  }

  private async startMongodb(): Promise<string> {
    const { kind } = this.options;
    if (kind === 'replicaSet') {
      const set = await startReplicaSet(3, { parent: this.folder });
      this.set = set;
      this.cleanup.add('MongoDB', () => set.stop());
      return set.url;
    }
    const node = await startTemporary({ parent: this.folder });
    this.node = node;
    this.cleanup.add('MongoDB', () => node.stop());
    if (kind === 'clocks') {
      this.mongodbClock = new StepClock(this.folder, 'mongod');
      await node.restart(this.mongodbClock.environment());
    }
    return node.url;
  }

  private mongodbWords(): string {
    return this.set === null ? 'one mongod' : 'a replica set of three';
  }

  private async startWitness(address: string): Promise<{ witness: Witness; witnessUrl: string }> {
    const witness = await Witness.start({ folder: this.folder, addresses: [address], port: 0 });
    this.cleanup.add('witness', () => witness.stop());
    return { witness, witnessUrl: `http://${address}:${witness.port}/` };
  }

  /** Settled before it throws: a host that is still being started would outlive the clean-up. */
  private async startHosts(mongodbUrl: string, nets: Networks | null): Promise<void> {
    const started = await Promise.allSettled(
      hostNames.map((name, index) => this.startHost(name, mongodbUrl, nets?.each[index] ?? null, nets)),
    );
    for (const one of started) if (one.status === 'rejected') throw one.reason;
  }

  private async startHost(
    name: string,
    mongodbUrl: string,
    network: Network | null,
    nets: Networks | null,
  ): Promise<void> {
    const { root, kind, signal } = this.options;
    const clock = kind === 'clocks' ? new StepClock(this.folder, name) : null;
    const host = new Host({
      root,
      hostId: `drill-${name}`,
      secretKey: this.secretKey,
      mongodbUrl: network?.mongodbUrl ?? mongodbUrl,
      workers,
      parent: this.folder,
      ...(network === null ? {} : { prefix: network.prefix, address: network.address }),
      env: {
        WATCHBELL_DRILL: 'true',
        ...(nets === null ? {} : { WATCHBELL_ALLOW_NETS: `${nets.witnessAddress}/32` }),
        ...clock?.environment(),
      },
    });
    this.players.push({ host, network, clock });
    this.cleanup.add(`host ${name}`, () => host.remove());
    await host.start(readyMs, signal);
  }

  private present<T>(part: T | null, name: string): T {
    if (part === null) throw new Error(`The stage "${this.options.kind}" has no ${name}.`);
    return part;
  }
}
