/** Where the demo's web server writes its access log, and how a job reads it. */
export interface AccessLog {
  /** In words: `ClickHouse 18.16.1`. */
  readonly what: string;
  /** Settings of the source `access-log`, as the API takes them. */
  readonly source: Record<string, unknown>;
  /** The check's query: how many 404s in the last windowS seconds, by the database's own clock. */
  query(windowS: number): unknown;
  /** The same for ten minutes, as one would write it for real. */
  readonly realQuery: string;
  /** Adds requests of this moment. */
  add(requests: readonly { status: number; path: string }[]): Promise<void>;
  close(): Promise<void>;
}
