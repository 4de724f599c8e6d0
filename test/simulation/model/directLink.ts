import { real } from './real';
import type { Link, ServerDoor } from './types';

/** A network that never fails and takes no time: what waits at the server is given up at its limit. */
export function directLink(server: ServerDoor): Link {
  return {
    now: () => performance.now(),
    call: ({ limitMs }, execute) =>
      new Promise((resolve, reject) => {
        let timer: NodeJS.Timeout | undefined;
        let settled = false;
        const giveUp = server.serve(execute, outcome => {
          settled = true;
          clearTimeout(timer);
          if ('value' in outcome) resolve(outcome.value);
          else reject(outcome.error);
        });
        if (settled || limitMs === null) return;
        timer = setTimeout(() => {
          giveUp();
          reject(new real.MongoOperationTimeoutError(`Timed out after ${limitMs}ms`));
        }, limitMs);
      }),
  };
}
