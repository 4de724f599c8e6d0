import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { lastErrors } from '../../../tools/server/logFiles';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'wb-logs-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const early = new Date(0);

it('tells the error, not the frame that Node and Egg put around it', async () => {
  writeFileSync(
    path.join(folder, 'master-stderr.log'),
    `(node:1) Warning: something old
2026-11-21 12:38:59,361 ERROR 3531 nodejs.Error: the port is on fire
Require stack:
- /x/dist/app.js
    at Module._resolveFilename (node:internal/modules/cjs/loader:1207:15)
pid: 3531
/x/node_modules/egg-cluster/lib/app_worker.js:34
  throw err;
Node.js v20.20.2
2026-11-21 12:38:59,376 ERROR 3474 nodejs.AppWorkerDiedError: [master] app_worker#1:3531 died
2026-11-21 12:38:59,377 ERROR 3474 [master] exit with code:1
`,
  );
  expect(await lastErrors(folder, early)).toEqual(['nodejs.Error: the port is on fire']);
});

it('says a sentence once that agent and workers said each', async () => {
  writeFileSync(path.join(folder, 'master-stderr.log'), 'MONGODB_URL is a standalone.\n'.repeat(3));
  expect(await lastErrors(folder, early)).toEqual(['MONGODB_URL is a standalone.']);
});

it('looks into the error log where stderr is silent, and not at what is older than the start', async () => {
  writeFileSync(path.join(folder, 'master-stderr.log'), '');
  writeFileSync(path.join(folder, 'common-error.log'), '2026-11-21 12:00:00,001 ERROR 1 nodejs.Error: late\n');
  expect(await lastErrors(folder, early)).toEqual(['nodejs.Error: late']);
  expect(await lastErrors(folder, new Date(Date.now() + 60_000))).toEqual([]);
});
