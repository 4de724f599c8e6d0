import path from 'node:path';
import { environmentSchema, expandHome } from '../../config/settings';

/** Where one server of this machine keeps what is its own. */
export interface Installation {
  dataDir: string;
  logDir: string;
  /** Holds the master's pid. Its path stands in the command line of each of the server's processes: it tells servers apart. */
  pidFile: string;
  secretKeyFile: string;
  /** Held while the server is being started or stopped. */
  lockFile: string;
  /** Shown by `ps`. */
  title: string;
}

export function installationOf(environment: NodeJS.ProcessEnv, title = 'watchbell'): Installation {
  const { WATCHBELL_DATA_DIR, WATCHBELL_LOG_DIR } = environmentSchema.shape;
  const dataDir = expandHome(WATCHBELL_DATA_DIR.parse(environment['WATCHBELL_DATA_DIR'] || undefined));
  const logDir = WATCHBELL_LOG_DIR.parse(environment['WATCHBELL_LOG_DIR'] || undefined);
  return {
    dataDir,
    logDir: expandHome(logDir ?? path.join(dataDir, 'logs')),
    pidFile: path.join(dataDir, 'server.pid'),
    secretKeyFile: path.join(dataDir, 'secret.key'),
    lockFile: path.join(dataDir, 'command.lock'),
    title,
  };
}
