/** A mongod in a temporary folder, with what tests of failures need. */
export interface Embedded {
  readonly url: string;
  readonly port: number;
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
  /** SIGSTOP: connections stay open, nothing answers. */
  pause(): void;
  /** SIGCONT. */
  resume(): void;
}

export interface TemporaryOptions {
  /** The binary; default: what resolveMongod finds. */
  file?: string;
  /** Where its folder is made; default: the system's temporary folder. */
  parent?: string;
  /** Server parameters, given as `--setParameter`. */
  parameters?: Readonly<Record<string, string | number>>;
  onProgress?: (sentence: string) => void;
}
