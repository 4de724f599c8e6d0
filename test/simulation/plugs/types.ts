import type { SeriesPoint } from '../../../app/domain/message/types';

/** What a remote of the simulated world says to a channel. */
export type SendAnswer = 'taken' | 'busy' | 'refusedConnection' | 'cutOff' | 'silent';

/** One remote message as the world sees it. */
export interface SimulatedSend {
  /** The robot that it goes to. */
  robot: string;
  deliveryId: string;
  alertId: string;
  seq: number;
  kind: string;
  job: string;
  possibleDuplicate: boolean;
  fence: number;
  idempotent: boolean;
}

/** The world outside a simulated process, as its sources and channels meet it. */
export interface Remote {
  /** The work of a run: begins now, ends with what it found. */
  read(work: string, queryId: string, signal: AbortSignal): Promise<SeriesPoint[]>;
  /** Connects: resolves when a request could be sent. */
  connect(signal: AbortSignal): Promise<void>;
  /** Hands the message over: it has left this process when this is called. */
  send(message: SimulatedSend, signal: AbortSignal, timeoutMs: number): Promise<SendAnswer>;
}
