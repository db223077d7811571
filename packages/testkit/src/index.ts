/** The public names of `@clortho/testkit`. */
export { smallKeys, smallValues } from './arbitraries/store-bytes.ts';
export type { PastTime, StoreCommand } from './arbitraries/store-command.ts';
export { type StoreCommandsOptions, storeCommands } from './arbitraries/store-commands.ts';
export { type LocalClock, type LocalClockOptions, localClock } from './clock/local-clock.ts';
export { type VirtualClock, type VirtualClockOptions, virtualClock } from './clock/virtual-clock.ts';
export type {
  DynamoDbFault,
  DynamoDbFaults,
  DynamoDbRequest,
} from './dynamodb-server/faults.ts';
export {
  type DynamoDbCounters,
  type DynamoDbServer,
  type DynamoDbServerOptions,
  startDynamoDbServer,
} from './dynamodb-server/server.ts';
export {
  type FaultProxy,
  type FaultProxyCounters,
  type FaultProxyOptions,
  type ProxyFaults,
  startFaultProxy,
} from './fault-proxy/fault-proxy.ts';
export {
  drawnProxyFaults,
  type ProxiedRequest,
  type ProxyFault,
  type ProxyFaultPlan,
  type ProxyFaultRates,
} from './fault-proxy/proxy-fault.ts';
export type { Fault, FaultableCall, FaultTiming } from './faults/fault.ts';
export type { FaultPlan, FaultRates, ScriptedFault } from './faults/fault-plan.ts';
export { type FaultTrace, faultTrace } from './faults/fault-trace.ts';
export { faultyObjectStore } from './faults/faulty-object-store.ts';
export { faultyRegisterStore } from './faults/faulty-register-store.ts';
export type { ObjectsUnderTest, ObjectUnderTest } from './faults/objects-under-test.ts';
export type {
  CallUnderTest,
  RegisterChangeUnderTest,
  RegistersUnderTest,
  RegisterUnderTest,
  SwapUnderTest,
} from './faults/registers-under-test.ts';
export {
  type SimulatedProcess,
  type SimulatedProcessOptions,
  simulatedProcess,
} from './faults/simulated-process.ts';
export { runStoreCommands, type StoreCommandsRun } from './harness/run-store-commands.ts';
export type { ReadUnderTest, SnapshotUnderTest, StoreUnderTest } from './harness/store-under-test.ts';
export { checkHistory } from './history/check-history.ts';
export type {
  HistoryOperation,
  HistoryRange,
  HistoryRead,
  HistoryValue,
  HistoryWrite,
} from './history/history-operation.ts';
export type {
  CheckHistoryOptions,
  HistoryVerdict,
  HistoryViolation,
  HistoryViolationKind,
} from './history/verdict.ts';
export type { ModelRange } from './model/key-range.ts';
export type { ModelCommit, ModelOperation } from './model/operation.ts';
export {
  type ModelHistoryEntry,
  type ModelRow,
  type ModelScan,
  type ModelSnapshot,
  type ReferenceModel,
  type ReferenceModelOptions,
  referenceModel,
} from './model/reference-model.ts';
export type { ModelFamily } from './model/timeline.ts';
export type { FaultSubject, S3Fault, S3Faults } from './s3-server/faults.ts';
export type { S3Operation } from './s3-server/operation.ts';
export {
  type AccessKey,
  type S3Server,
  type S3ServerCounters,
  type S3ServerOptions,
  startS3Server,
} from './s3-server/s3-server.ts';
