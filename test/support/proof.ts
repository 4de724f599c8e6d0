import { mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { DrillApi } from '../../tools/drill/api';
import type { Plan } from '../../tools/drill/plan';
import { Receiver } from '../../tools/drill/receiver';
import { definedPlan, seenInTheEnd } from '../../tools/drill/round';
import { eventSchema, type FaultSpan, type Verdict, type WitnessEvent } from '../../tools/drill/types';
import { judge } from '../../tools/drill/verdict';
import type { ClusterWorld } from './clusterWorld';

export interface Proved {
  verdict: Verdict;
  /** What the witness wrote down of this load. */
  events: readonly WitnessEvent[];
}

/** The drill's load, its witness and its verdict for a test that makes the fault itself. Hosts need WATCHBELL_DRILL. */
export class Proof {
  private readonly folder = mkdtempSync(path.join(tmpdir(), 'wb-proof-'));
  private readonly file = path.join(this.folder, 'witness.jsonl');
  private readonly receiver = new Receiver(this.file);
  private readonly ended = new AbortController();
  private readonly api: DrillApi;
  private witnessUrl = '';

  constructor(world: ClusterWorld) {
    const origins = () => world.hosts.filter(host => host.port > 0).map(host => host.url);
    this.api = new DrillApi(origins, world.token, this.ended.signal);
  }

  /** The witness listens here, where every host reaches it. */
  async start(address = '127.0.0.1'): Promise<this> {
    this.witnessUrl = `http://${address}:${await this.receiver.listen([address], 0)}/`;
    return this;
  }

  /** A load of 20 occurrences a second; settles when it has run for so long. */
  async begin(name: string, seconds: number, intoMs = 3000): Promise<Plan> {
    const plan = await definedPlan({ api: this.api, witnessUrl: this.witnessUrl }, name, seconds);
    await sleep(Math.max(0, plan.startAt + intoMs - Date.now()));
    return plan;
  }

  /** Nothing missed, nothing twice, nothing of `close` repeated, everything ended; what is else seen is the test's. */
  async verdict(plan: Plan, fault: FaultSpan): Promise<Proved> {
    const witness = { events: () => this.events() };
    const { witnessUrl, api } = this;
    const seen = await seenInTheEnd(plan, { api, witness, witnessUrl, signal: this.ended.signal });
    const verdict = judge({ plan, ...seen, fault });
    const never = { missed: 0, twice: 0, repeatedOfClose: 0, unexplained: 0, failed: 0, unfinished: 0 };
    expect(verdict, JSON.stringify(verdict.examples)).toMatchObject({ ...never, disagreements: [] });
    return { verdict, events: seen.events };
  }

  async stop(): Promise<void> {
    this.ended.abort();
    await this.receiver.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async events(): Promise<WitnessEvent[]> {
    const lines = (await readFile(this.file, 'utf8')).split('\n').filter(line => line !== '');
    return lines.map(line => eventSchema.parse(JSON.parse(line)));
  }
}
