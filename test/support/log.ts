import type { Log, LogFields } from '../../app/domain/log';

/** Keeps what was logged for a test to look at. */
export class RecordedLog implements Log {
  readonly lines: { level: string; event: string; fields: LogFields }[] = [];

  info(event: string, fields: LogFields = {}): void {
    this.lines.push({ level: 'info', event, fields });
  }

  warn(event: string, fields: LogFields = {}): void {
    this.lines.push({ level: 'warn', event, fields });
  }

  error(event: string, fields: LogFields = {}): void {
    this.lines.push({ level: 'error', event, fields });
  }

  has(event: string): boolean {
    return this.lines.some(line => line.event === event);
  }
}
