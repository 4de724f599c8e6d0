import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { http } from '../../../../config/http';

const folder = mkdtempSync(path.join(tmpdir(), 'watchbell-api-'));

export default () => ({
  ...http,
  keys: 'only for tests',
  rundir: path.join(folder, 'run'),
  logger: { dir: path.join(folder, 'logs'), level: 'NONE', consoleLevel: 'NONE' },
});
