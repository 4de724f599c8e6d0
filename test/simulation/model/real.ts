import { createRequire } from 'node:module';
import path from 'node:path';
import type * as Driver from 'mongodb';

const requireReal = createRequire(path.join(process.cwd(), 'package.json'));

/** The real driver, also where 'mongodb' means the model: its errors are what the code under test looks for. */
export const real: typeof Driver = requireReal('mongodb');

/** What the driver makes answers of bulks of, and does not export. */
interface BulkParts {
  BulkWriteResult: new (raw: object, ordered: boolean) => Driver.BulkWriteResult;
  WriteError: typeof Driver.WriteError;
}

export const { BulkWriteResult, WriteError }: BulkParts = requireReal('mongodb/lib/bulk/common');

/** What a server answers where a command fails. */
export interface Fault {
  code: number;
  codeName?: string;
  errmsg: string;
  errorLabels?: string[];
  keyPattern?: Record<string, unknown>;
  keyValue?: Record<string, unknown>;
}

/** A command that failed as a whole. */
export function commandError(fault: Fault): Driver.MongoServerError {
  return new real.MongoServerError({ ok: 0, ...fault });
}
