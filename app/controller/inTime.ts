import { UnavailableError } from '../domain/errors';

/**
 * What a client waits for an answer while MongoDB is silent: one operation has 3.5 s, but the driver may ask another
 * server for as long again when its monitor notices the silence first.
 */
const longestMs = 3800;

/** Answers what the work answers; throws UnavailableError when that takes longer. The work itself goes on to its own limit. */
export async function inTime<T>(work: Promise<T>, limitMs = longestMs): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    const error = new UnavailableError(
      'MongoDB does not answer in time; nothing is lost, send the same request again.',
    );
    timer = setTimeout(() => reject(error), limitMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
