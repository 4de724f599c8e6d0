import { StepFailed } from '../errors';
import { lastLine, runCommand } from '../run/command';
import { formatVersion, isOlderLine, oldestSupported, parseVersion, type Version } from '../version';

/** Runs the binary with `--version`; throws StepFailed where it does not run here or is older than 6.0. */
export async function checkBinary(file: string): Promise<Version> {
  const result = await runCommand(file, ['--version'], { timeoutMs: 20_000 });
  if (result.failure !== null) throw new StepFailed(`${file}: ${result.failure}`);
  if (result.code !== 0) throw new StepFailed(`${file} does not run on this machine: ${lastLine(result.output)}`);
  const version = parseVersion(result.output);
  if (version === null) throw new StepFailed(`${file} is not a mongod: it says "${lastLine(result.output)}"`);
  if (isOlderLine(version, oldestSupported)) {
    throw new StepFailed(`${file} is MongoDB ${formatVersion(version)}; Watchbell needs 6.0 or newer`);
  }
  return version;
}
