import crypto from 'node:crypto';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { compileFunction } from 'node:vm';
import type { Entry } from './entry';
import * as driver from './model/driver';
import type { SimProcess, Timer } from './process';

/** What a simulated process is given besides its clocks: the world outside it. */
export interface Outside {
  process: SimProcess;
  /** What /proc says: by path, null where there is no such file. */
  file(name: string): string | null;
  /** What the simulated source and channel call. */
  remote: unknown;
}

export const root = path.resolve(__dirname, '../..');
const hostRequire = createRequire(path.join(root, 'package.json'));

/** The globals of Node that a process has of its own: the names of the bundle's parameters. */
const shadowed = [
  'Date',
  'Math',
  'performance',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'clearTimeout',
  'clearInterval',
  'clearImmediate',
  'process',
  'simulated',
];

/**
 * The product's code, compiled once; every `instance` evaluates it anew, as a process that starts does. All run in one
 * realm: errors, dates and signals are the same classes everywhere.
 */
export class Program {
  private readonly idle: Instance[] = [];

  constructor(private readonly compiled: unknown) {}

  static compile(code: string): Program {
    return new Program(compileFunction(code, ['exports', 'require', ...shadowed], { filename: 'watchbell.cjs' }));
  }

  /** An evaluated instance that no process of this world uses. */
  take(outside: Outside): Instance {
    const instance = this.idle.pop() ?? new Instance(this.compiled, outside);
    instance.outside = outside;
    return instance;
  }

  /** Nothing of the world that used it may run any more: the code keeps no state in its modules. */
  giveBack(instances: readonly Instance[]): void {
    this.idle.push(...instances);
  }
}

/** One evaluation of the product's code, lent to one process after the other. */
export class Instance {
  readonly entry: Entry;

  constructor(
    compiled: unknown,
    public outside: Outside,
  ) {
    const exported: unknown = {};
    if (typeof compiled !== 'function') throw new Error('The bundle is not compiled.');
    const lib = (name: string) => this.required(name);
    Reflect.apply(compiled, undefined, [exported, lib, ...this.globals()]);
    if (!isEntry(exported)) throw new Error('The bundle does not export what test/simulation/entry.ts exports.');
    this.entry = exported;
  }

  private get process(): SimProcess {
    return this.outside.process;
  }

  private globals(): unknown[] {
    const simulated = lazily(() => this.outside.remote);
    const { set, clear } = this.timers();
    const values: Record<string, unknown> = {
      Date: dateOf(() => this.process.wall()),
      Math: Object.assign(Object.create(Math), { random: () => this.process.world.random.next() }),
      performance: { now: () => this.process.monotonic() },
      setTimeout: (run: Run, ms?: number, ...args: unknown[]) => set(run, ms, args, false),
      setInterval: (run: Run, ms?: number, ...args: unknown[]) => set(run, ms, args, true),
      setImmediate: (run: Run, ...args: unknown[]) => this.process.setTimer(() => run(...args), 0, false),
      clearTimeout: clear,
      clearInterval: clear,
      clearImmediate: clear,
      process: this.nodeProcess(),
      simulated,
    };
    return shadowed.map(name => values[name]);
  }

  private timers() {
    const set = (run: Run, ms: number | undefined, args: unknown[], repeats: boolean) =>
      this.process.setTimer(() => run(...args), ms, repeats);
    const clear = (timer: Timer | undefined) => this.process.clearTimer(timer);
    return { set, clear };
  }

  private nodeProcess(): unknown {
    const pid = () => this.process.pid;
    return {
      get pid() {
        return pid();
      },
      env: {},
      platform: 'linux',
      versions: process.versions,
      version: process.version,
      emitWarning: () => undefined,
    };
  }

  private required(name: string): unknown {
    switch (name) {
      case 'mongodb':
        return driver;
      case 'node:timers/promises':
        return this.promisedTimers();
      case 'node:crypto':
        return { ...crypto, randomBytes: (count: number) => this.bytes(count), randomUUID: () => this.uuid() };
      case 'node:fs':
        return {
          ...fs,
          readFileSync: (file: string) => this.file(file),
          readlinkSync: (file: string) => this.file(file),
        };
      default:
        return hostRequire(name);
    }
  }

  private promisedTimers(): unknown {
    const wait = (ms: number | undefined, value: unknown, options?: { signal?: AbortSignal }) =>
      new Promise((resolve, reject) => {
        const signal = options?.signal;
        const abort = () => {
          this.process.clearTimer(timer);
          reject(abortError(signal?.reason));
        };
        if (signal?.aborted) return reject(abortError(signal.reason));
        const timer = this.process.setTimer(
          () => {
            signal?.removeEventListener('abort', abort);
            resolve(value);
          },
          ms,
          false,
        );
        signal?.addEventListener('abort', abort, { once: true });
      });
    return {
      setTimeout: wait,
      setImmediate: (value: unknown, options?: { signal?: AbortSignal }) => wait(0, value, options),
    };
  }

  private bytes(count: number): Buffer {
    return Buffer.from(this.process.world.random.bytes(count));
  }

  private uuid(): string {
    const hex = this.bytes(16).toString('hex');
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20)}`;
  }

  private file(name: string): string {
    const text = this.outside.file(name);
    if (text === null) throw Object.assign(new Error(`ENOENT: no such file, open '${name}'`), { code: 'ENOENT' });
    return text;
  }
}

type Run = (...args: unknown[]) => void;

function isEntry(value: unknown): value is Entry {
  return typeof value === 'object' && value !== null && 'AgentRuntime' in value && 'WorkerRuntime' in value;
}

/** Node's Date with another now: what it makes are real dates, so that `instanceof` holds on both sides. */
function dateOf(now: () => number): DateConstructor {
  return new Proxy(Date, {
    construct: (target, args) => (args.length === 0 ? new Date(now()) : Reflect.construct(target, args)),
    apply: () => new Date(now()).toString(),
    get: (target, key) => (key === 'now' ? now : Reflect.get(target, key)),
  });
}

/** As Node's timers/promises rejects. */
function abortError(reason: unknown): Error {
  const error = Object.assign(new Error('The operation was aborted', { cause: reason }), { code: 'ABORT_ERR' });
  error.name = 'AbortError';
  return error;
}

/** An object that stands for whatever `of` answers when a property of it is asked for. */
function lazily(of: () => unknown): unknown {
  return new Proxy(
    {},
    {
      get: (_, key) => {
        const target = of();
        return typeof target === 'object' && target !== null ? Reflect.get(target, key) : undefined;
      },
    },
  );
}
