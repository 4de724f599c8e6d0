import type { Log, LogFields } from '../domain/log';

/** What an Egg logger offers. */
export interface LineLogger {
  info(line: string): void;
  warn(line: string): void;
  error(line: string): void;
}

/** Writes one JSON line an event through Egg's logger. */
export function structuredLog(logger: LineLogger, base: LogFields = {}): Log {
  const line = (event: string, fields: LogFields = {}) => JSON.stringify({ event, ...base, ...fields });
  return {
    info: (event, fields) => logger.info(line(event, fields)),
    warn: (event, fields) => logger.warn(line(event, fields)),
    error: (event, fields) => logger.error(line(event, fields)),
  };
}
