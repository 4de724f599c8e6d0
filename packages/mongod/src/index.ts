export {
  type EmbeddedStatus,
  type RunningEmbedded,
  type StartOptions,
  startEmbedded,
  statusEmbedded,
  stopEmbedded,
} from './embedded/embedded';
export { withStartLock } from './embedded/startLock';
export { MongodError, MongodNotFound } from './errors';
export { type Mongod, type ResolveOptions, resolveMongod } from './resolve/resolveMongod';
export { freePort, isFree } from './run/ports';
export { signal } from './run/processes';
export { type ReplicaSetOptions, startReplicaSet, type TemporaryReplicaSet } from './temporary/replicaSet';
export { startStandalone, startTemporary } from './temporary/temporary';
export type { Embedded, TemporaryOptions } from './temporary/types';
