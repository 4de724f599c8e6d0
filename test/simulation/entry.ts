import { WorkerRuntime } from '../../app/service/workerRuntime';
import { AgentRuntime } from '../../app/timing/agentRuntime';

/** What a simulated process runs: the product's own code, bundled from here. */
export { AgentRuntime, WorkerRuntime };

export interface Entry {
  AgentRuntime: typeof AgentRuntime;
  WorkerRuntime: typeof WorkerRuntime;
}
