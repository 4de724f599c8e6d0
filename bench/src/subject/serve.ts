import { type Message, type Task, taskSchema } from '../protocol';
import { burst, idle, registration, stall, sustained } from './timing';
import type { SchedulerKind } from './types';

/** The whole of a process that measures one scheduler: its task stands in the arguments, it answers over IPC. */
export function serveScheduler(kind: SchedulerKind): void {
  serve(task => measure(kind, task));
}

function measure(kind: SchedulerKind, task: Task): Promise<Message> {
  if (task.kind === 'burst') return burst(kind, task);
  if (task.kind === 'sustained') return sustained(kind, task);
  if (task.kind === 'registration') return registration(kind, task);
  if (task.kind === 'idle') return idle(kind, task);
  if (task.kind === 'loading' || task.kind === 'changes') return stall(kind, task);
  throw new Error(`A scheduler is not asked for "${task.kind}".`);
}

/** Does the task of this process, answers it and ends the process. */
export function serve(work: (task: Task) => Promise<Message>): void {
  const task = taskSchema.parse(JSON.parse(process.argv[2] ?? 'null'));
  // Who asked has gone: nobody waits for the answer.
  process.on('disconnect', () => process.exit(1));
  work(task).then(
    message => process.send?.(message, () => process.exit(0)),
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
}
