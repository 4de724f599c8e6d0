import { errorFields, type Log } from '../../domain/log';

const quietMs = 60_000;
const maxKinds = 200;

/** Says each kind of error of a loop once a minute: a loop that fails every second must not fill the disk. */
export class CalmLog {
  private readonly saidAt = new Map<string, number>();

  constructor(
    private readonly log: Log,
    private readonly monotonic: () => number,
  ) {}

  error(event: string, error: unknown): void {
    const fields = errorFields(error);
    const kind = `${event} ${error instanceof Error ? error.name : ''} ${fields.code ?? ''}`;
    const now = this.monotonic();
    const last = this.saidAt.get(kind);
    if (last !== undefined && now - last < quietMs) return;
    if (this.saidAt.size >= maxKinds) this.saidAt.clear();
    this.saidAt.set(kind, now);
    this.log.error(event, fields);
  }
}
