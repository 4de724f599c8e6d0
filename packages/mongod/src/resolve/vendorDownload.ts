import { createRequire } from 'node:module';
import { StepFailed } from '../errors';
import { lastLine, runCommand } from '../run/command';
import { keepInCache } from './cacheFolder';
import type { Step, StepContext } from './types';
import { withWorkFolder } from './workFolder';

export interface VendorDownloadOptions {
  /** The version asked for, pinned so that two machines get the same. */
  version: string;
  /** Given up when nothing was heard for this span: a firewall that drops packets must not hold the start. */
  silenceMs: number;
  /** Given up after this span in any case. */
  timeoutMs: number;
}

/** MongoDB 7.0: the oldest line that its vendor still builds for every current Debian and Ubuntu. */
const pinned: VendorDownloadOptions = { version: '7.0.14', silenceMs: 10_000, timeoutMs: 15 * 60_000 };

/** In a process of its own: it can be killed in time, and what it prints becomes progress. */
const script = `
const { MongoBinary } = require(process.argv[1]);
MongoBinary.getPath({ version: process.argv[2], downloadDir: process.argv[3] }).then(
  file => console.log('mongod: ' + file),
  error => { console.log('failed: ' + error.message.replace(/\\s+/g, ' ')); process.exitCode = 1; },
);`;

/** From the vendor's own host, by mongodb-memory-server-core; `MONGOMS_DOWNLOAD_MIRROR` names a mirror. */
export function vendorDownload(options: VendorDownloadOptions = pinned): Step {
  return {
    name: `download of MongoDB ${options.version} from its vendor`,
    find: context => withWorkFolder(context.cacheDir, folder => download(context, options, folder)),
  };
}

async function download(context: StepContext, options: VendorDownloadOptions, folder: string): Promise<string> {
  context.onProgress(`Downloading MongoDB ${options.version} from its vendor (about 100 MB) …`);
  const library = createRequire(__filename).resolve('mongodb-memory-server-core/lib/util/MongoBinary');
  const result = await runCommand(process.execPath, ['-e', script, library, options.version, folder], {
    env: { ...context.env, MONGOMS_MAX_RETRIES: '1', MONGOMS_PREFER_GLOBAL_PATH: 'false', MONGOMS_MD5_CHECK: 'true' },
    timeoutMs: options.timeoutMs,
    silenceMs: options.silenceMs,
    onOutput: progressOf(context.onProgress),
  });
  const file = /^mongod: (.+)$/m.exec(result.output)?.[1];
  if (result.code === 0 && file !== undefined) return await keepInCache(context.cacheDir, file);
  throw new StepFailed(result.failure ?? lastLine(result.output).replace(/^failed: /, ''));
}

/** The library prints a percentage at each chunk; a person wants to see it every tenth. */
function progressOf(onProgress: (sentence: string) => void): (text: string) => void {
  let tenth = 0;
  return text => {
    const percent = Number(/: (\d+(?:\.\d+)?)% \(/.exec(text)?.[1] ?? 0);
    if (Math.floor(percent / 10) <= tenth) return;
    tenth = Math.floor(percent / 10);
    onProgress(`  ${tenth * 10} % of MongoDB downloaded`);
  };
}
