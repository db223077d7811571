/** The public names of `@clortho/object-store`. */
export { type FileObjectStoreOptions, fileObjectStore } from './file/file-object-store.ts';
export { checkKey, compareKeys, isKey, KEY_BYTES_MAX } from './key.ts';
export { type MemoryObjectStoreOptions, memoryObjectStore } from './memory/memory-object-store.ts';
export type {
  CallOptions,
  GetOptions,
  ListOptions,
  ObjectCounters,
  ObjectEntry,
  ObjectStore,
  PutOptions,
} from './object-store.ts';
export { createBucket } from './s3/create-bucket.ts';
export type { HedgeOptions } from './s3/hedge.ts';
export { s3ObjectStore } from './s3/s3-object-store.ts';
export { S3_RETRY_DEFAULT, type S3Credentials, type S3ObjectStoreOptions } from './s3/s3-options.ts';
export { withPrefix } from './with-prefix.ts';
