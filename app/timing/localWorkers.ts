/** The workers of this host, as the master tells of them, and which of them have begun to end. */
export class LocalWorkers {
  /** Pids of those that the master counts as working. */
  all: readonly number[] = [];
  private readonly ending = new Set<number>();

  /** Those that may be given work. */
  get lasting(): number[] {
    return this.all.filter(pid => !this.ending.has(pid));
  }

  /**
   * Every worker ends: so it is when the server is stopped. Where just one of several was told to end it is not so, and
   * where the only one was, it is over as soon as the master tells of the next one.
   */
  get allEnd(): boolean {
    return this.all.length > 0 && this.lasting.length === 0;
  }

  /** What the master says after each start and each end of a worker; nothing any more once it is being stopped. */
  listed(pids: unknown): void {
    this.all = Array.isArray(pids) ? pids.filter(one => typeof one === 'number') : [];
    for (const pid of this.ending) if (!this.all.includes(pid)) this.ending.delete(pid);
  }

  /** A worker says that it ends. */
  ends(pid: number): void {
    this.ending.add(pid);
  }
}
