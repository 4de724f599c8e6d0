import type { Member } from '../cluster/member';
import type { Metrics } from '../cluster/metrics';
import type { Database } from '../repository/database';

export interface SelfWatchSettings {
  hostId: string;
  /** Where the settings of the channel `self` are kept for the time without MongoDB. */
  file: string;
  /** MongoDB away, or what may pass by itself, is told after this span, in ms. */
  alertAfterMs: number;
  /** Called while this host works; null: nowhere. */
  heartbeatUrl: string | null;
  heartbeatIntervalMs: number;
  outbound: { allowNets: string[]; allowLoopback: boolean };
}

/** What the agent shows of itself. */
export interface AgentVitals {
  database: Database;
  member: Member;
  metrics: Metrics;
  /** Live hosts in the order of their names, as last seen. */
  hosts(): readonly string[];
  /** Pids of the workers of this host. */
  workers(): readonly number[];
  /** Loops of the agent, and for how long each has got nowhere, in ms. */
  loops(): { name: string; stalledMs: number }[];
}

/** Seals texts with the key of the installation; `place` is what a value is bound to. */
export interface Sealer {
  seal(text: string, place: string): string;
  open(sealed: string, place: string): string;
}

export interface SelfMessenger {
  sendToApp(action: string, data: unknown): void;
  on(action: string, listener: (data: unknown) => void): void;
}
