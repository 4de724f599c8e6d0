import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { http } from '../../../../config/http';

const folder = mkdtempSync(path.join(tmpdir(), 'watchbell-api-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));

export default () => ({
  ...http,
  keys: 'only for tests',
  rundir: path.join(folder, 'run'),
  logger: { dir: path.join(folder, 'logs'), level: 'NONE', consoleLevel: 'NONE' },
});
