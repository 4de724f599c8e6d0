import type { QueryContext } from '../../../app/source/types';

/** What the contract suite needs of a real remote to hold a kind of source to its promises. */
export interface SourceWorld {
  /** Settings that work. */
  settings: Record<string, unknown>;
  /** The same with a wrong password, and the code by which the remote refuses it. */
  wrongCredentials: { settings: Record<string, unknown>; code: string };
  /** The same with an address of this machine where nobody listens. */
  down: Record<string, unknown>;
  queries: {
    /** Answers {name: a} 1 and {name: b} 2.5. */
    twoSeries: unknown;
    noRows: unknown;
    /** Answers one row {name: a} whose value is NULL. */
    nullValue: unknown;
    /** Two columns are numbers, `x` and `y`, none is called `value`. */
    twoNumbers: unknown;
    /** The column `value` is the text `many`. */
    textValue: unknown;
    /** Two rows with the same labels. */
    sameLabels: unknown;
    /** 10,000 rows. */
    manyRows: unknown;
    /** Under 1,000 rows, over 1 MiB. */
    manyBytes: unknown;
    /** Works at the remote for longer than any test waits. */
    slow: unknown;
    /** What the remote itself refuses, and by which code. */
    wrong: { query: unknown; code: string; message: RegExp };
  };
  /** Seen at the remote: the work of this query. */
  isRunning(queryId: string): Promise<boolean>;
}

let count = 0;

export function queryContext(given: Partial<QueryContext> = {}): QueryContext {
  count += 1;
  return {
    queryId: `contract-${process.pid}-${count}`,
    timeoutMs: 10_000,
    signal: new AbortController().signal,
    outbound: { purpose: 'source', allowNets: [], allowLoopback: true },
    ...given,
  };
}
