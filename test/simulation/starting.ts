import type { Log, LogFields } from '../../app/domain/log';
import type { WorkerSettings } from '../../app/service/workerSettings';
import type { Running } from './machine';
import type { Instance } from './sandbox';
import type { Trace } from './trace';

/** What a process is told by its machine when it starts. */
interface StartParts {
  settings: WorkerSettings;
  workers: number;
  masterPid: number;
  trace: Trace;
  fault(what: string): void;
}

type Messenger<Runtime extends 'AgentRuntime' | 'WorkerRuntime'> = ConstructorParameters<
  Instance['entry'][Runtime]
>[0]['messenger'];

/** The product's agent, as agent.ts puts it together. */
export function startAgent(
  member: Running,
  { entry }: Instance,
  parts: StartParts,
  messenger: Messenger<'AgentRuntime'>,
): Promise<void> {
  const { pid } = member.process;
  const runtime = new entry.AgentRuntime({
    settings: parts.settings.cluster,
    ...common(member, parts),
    messenger,
    pid,
  });
  member.stop = () => runtime.stop();
  return runtime.start();
}

/** The product's worker, as app.ts puts it together. */
export function startWorker(
  member: Running,
  { entry }: Instance,
  parts: StartParts,
  messenger: Messenger<'WorkerRuntime'>,
): Promise<void> {
  const { pid } = member.process;
  const { settings, workers } = parts;
  const runtime = new entry.WorkerRuntime({ settings, ...common(member, parts), messenger, pid, workers });
  member.watchbell = runtime.watchbell;
  member.stop = () => runtime.stop();
  return runtime.start();
}

function common({ process }: Running, { trace, fault, masterPid }: StartParts) {
  const write = (level: string) => (event: string, fields?: LogFields) =>
    trace.add(process.name, level, event, () => JSON.stringify(fields ?? {}));
  const log: Log = { info: write('info'), warn: write('warn'), error: write('error') };
  const refuse = (sentence: string) => fault(`${process.name} refuses: ${sentence}`);
  return { log, refuse, masterPid };
}
