/** A mongod in a temporary folder, with what tests of failures need. */
export interface Embedded {
  readonly url: string;
  readonly port: number;
  /** Where it listens. */
  readonly address: string;
  /** Changes with each start. */
  readonly pid: number;
  /** Ends it and removes its folder. */
  stop(): Promise<void>;
  /** SIGKILL; waits until it is gone. The data stays. */
  kill(): Promise<void>;
  /** A clean end; the data stays. */
  shutdown(): Promise<void>;
  /** Starts it again (ends it before, where it runs) on the same port and data; `env` is added to its environment. */
  restart(env?: Readonly<Record<string, string>>): Promise<void>;
  /** SIGSTOP: connections stay open, nothing answers. Waits until it stands still. */
  pause(): Promise<void>;
  /** SIGCONT. */
  resume(): void;
}

export interface TemporaryOptions {
  /** The binary; default: what resolveMongod finds. */
  file?: string;
  /** Where its folder is made; default: the system's temporary folder. */
  parent?: string;
  /** Where it listens; default 127.0.0.1. */
  address?: string;
  /** A command and its arguments in front of it: a network namespace of its own. */
  prefix?: readonly string[];
  /** Server parameters, given as `--setParameter`. */
  parameters?: Readonly<Record<string, string | number>>;
  onProgress?: (sentence: string) => void;
}
