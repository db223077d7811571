/** The public names of `@clortho/registers`. */
export type { CloudCredentials, CloudOptions } from './cloud-options.ts';
export { checkTable, createTable } from './dynamodb/create-table.ts';
export { dynamoDbRegisterStore } from './dynamodb/dynamodb.ts';
export type { DynamoDbRegisterOptions } from './dynamodb/options.ts';
export { REGISTER_KEY_BYTES_MAX } from './limits.ts';
export { type LmdbRegisterOptions, lmdbRegisterStore } from './lmdb/lmdb.ts';
export { type MemoryRegisterOptions, memoryRegisterStore } from './memory.ts';
export { withPrefix } from './prefix.ts';
export {
  CALL_BYTES_MAX,
  REGISTER_BYTES_MAX,
  REGISTERS_PER_CALL_MAX,
  type Register,
  type RegisterCallOptions,
  type RegisterChange,
  type RegisterCounters,
  type RegisterStore,
  type SwapResult,
} from './register-store.ts';
export type { S3RegisterOptions } from './s3/options.ts';
export { s3RegisterStore } from './s3/s3.ts';
export { type WatchOptions, watch } from './watch.ts';
