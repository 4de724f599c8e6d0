import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Application } from 'egg';
import { ipcNames, type RunHint, runBatchSchema } from '../../../app/ipc/messages';
import { burstMs, ipcTask, preciseNow, singleName } from './task';

/** Behind the last burst. */
const tailMs = 3000;

/** A worker of W6: the handler only notes when it was called for which instant. */
export default class IpcApp {
  /** [instant, when, how many]. */
  private readonly taken: [number, number, number][] = [];

  constructor(app: Application) {
    const task = ipcTask();
    const { messenger } = app;
    messenger.on(singleName, (hint: RunHint) => this.taken.push([hint.at, preciseNow(), 1]));
    messenger.on(ipcNames.run, (data: unknown) => {
      // As the worker of Watchbell does; what is bare takes what comes.
      if (task.mode === 'timekeeper') this.take(runBatchSchema.parse(data));
      else if (Array.isArray(data)) this.take(data);
    });
    const file = path.join(task.folder, `${process.pid}.json`);
    const write = () => writeFileSync(file, JSON.stringify(this.taken));
    setTimeout(write, task.firstAt + task.bursts * burstMs + tailMs - Date.now());
  }

  private take(batch: readonly RunHint[]): void {
    for (const { at } of batch) this.taken.push([at, preciseNow(), 1]);
  }
}
