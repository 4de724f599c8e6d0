import path from 'node:path';
import { type Message, type Task, taskSchema } from '../protocol';

/** The project's folder, seen from where this file is compiled to. */
export const projectRoot = path.resolve(__dirname, '../../../..');

type TaskOf<Kind extends Task['kind']> = Extract<Task, { kind: Kind }>;

/** What was started and must end, whatever happens in between; the latest first. */
export class Started {
  private readonly ends: (() => Promise<unknown>)[] = [];

  add<T>(thing: T, end: (thing: T) => Promise<unknown>): T {
    this.ends.push(() => end(thing));
    return thing;
  }

  async end(): Promise<void> {
    for (const end of this.ends.splice(0).reverse()) await end();
  }
}

/**
 * The whole of a process that measures with other processes: its task stands in the arguments, it answers over IPC. What
 * it has started ends with it, also when nobody waits for the answer any more.
 */
export function serveWith<Kind extends Task['kind']>(
  kind: Kind,
  work: (task: TaskOf<Kind>, started: Started) => Promise<Message>,
): void {
  const task = taskSchema.parse(JSON.parse(process.argv[2] ?? 'null'));
  const started = new Started();
  const leave = (code: number) => void started.end().finally(() => process.exit(code));
  process.once('disconnect', () => leave(1));
  if (!isOf(task, kind)) throw new Error(`This program measures "${kind}" only.`);
  work(task, started).then(
    async message => {
      await started.end();
      process.removeAllListeners('disconnect');
      process.send?.(message, () => process.exit(0));
    },
    (error: unknown) => {
      console.error(error);
      leave(1);
    },
  );
}

function isOf<Kind extends Task['kind']>(task: Task, kind: Kind): task is TaskOf<Kind> {
  return task.kind === kind;
}
