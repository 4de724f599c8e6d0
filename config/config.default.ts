import { createHash } from 'node:crypto';
import path from 'node:path';
import type { EggAppConfig, EggAppInfo, PowerPartial } from 'egg';
import type { LoggerMeta } from 'egg-logger';
import { http } from './http';
import { settingsOrExit, type WatchbellConfig, watchbellConfig } from './watchbellConfig';

/** A burst writes hundreds of lines in a millisecond. */
const stamp = { at: 0, text: '' };

function timeNow(): string {
  const at = Date.now();
  if (at !== stamp.at) Object.assign(stamp, { at, text: new Date(at).toISOString() });
  return stamp.text;
}

/** Events come as JSON objects: time, level and process go in front of their fields. */
function jsonLine(meta?: LoggerMeta): string {
  const { level = 'INFO', pid = process.pid, message = '' } = meta ?? {};
  const fields = message.startsWith('{') ? message.slice(1) : `"message":${JSON.stringify(message)}}`;
  return `{"time":"${timeNow()}","level":"${level}","pid":${pid},${fields}`;
}

export default (_info: EggAppInfo): PowerPartial<EggAppConfig> & { watchbell: WatchbellConfig } => {
  const settings = settingsOrExit();
  const watchbell: WatchbellConfig = watchbellConfig(settings);
  const dir = settings.WATCHBELL_LOG_DIR;
  const config: PowerPartial<EggAppConfig> = {
    ...http,
    keys: createHash('sha256').update(`cookies:${settings.WATCHBELL_SECRET_KEY}`).digest('hex'),
    cluster: { listen: { hostname: settings.WATCHBELL_LISTEN } },
    logger: { dir },
    rundir: path.join(settings.WATCHBELL_DATA_DIR, 'run'),
    // Egg writes its configuration to rundir: never what opens something.
    dump: { ignore: new Set(['keys', 'secretKey', 'mongodbUrl', 'heartbeatUrl']) },
    customLogger: {
      watchbellLogger: { file: path.join(dir, 'watchbell.log'), formatter: jsonLine, contextFormatter: jsonLine },
    },
  };
  return { ...config, watchbell };
};
