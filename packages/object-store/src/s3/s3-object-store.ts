/**
 * The object store in a bucket of S3, or of a server that speaks its protocol.
 *
 *     s3-object-store ─▶ s3-read, s3-write, s3-multipart, s3-delete ─▶ s3-connection ─▶ SDK
 *
 * Invariants:
 * - Keys outside the prefix are never seen or touched.
 * - A bucket is never created implicitly.
 */
import { systemClock, systemRandom } from '@clortho/base';
import { storeOver, zeroCounters } from '../backend/object-backend.ts';
import type { ObjectStore } from '../object-store.ts';
import { withPrefix } from '../with-prefix.ts';
import { hedge } from './hedge.ts';
import { s3Connection } from './s3-connection.ts';
import { deleteKeys } from './s3-delete.ts';
import { MULTIPART_ABOVE_BYTES, putMultipart } from './s3-multipart.ts';
import type { S3ObjectStoreOptions } from './s3-options.ts';
import { s3Reads } from './s3-read.ts';
import { putWhole, s3Write } from './s3-write.ts';

/**
 * Returns the object store in a bucket, named `s3://bucket/prefix`. Nothing is sent until the first call.
 *
 * Counters count requests: repetitions, parts and pages included.
 *
 * @throws {ClorthoError} `CLORTHO_INVALID` if `prefix` is not a key.
 */
export function s3ObjectStore(options: S3ObjectStoreOptions): ObjectStore {
  const connection = s3Connection(options);
  const random = options.random ?? systemRandom;
  const counters = zeroCounters();
  const clock = options.clock ?? systemClock;
  const reads = s3Reads(connection, counters, options.hedge && hedge(options.hedge, clock, counters));
  const bucket = storeOver({
    name: connection.place.name,
    counters,
    releasesBytes: false,
    put: (key, bytes, ifAbsent, signal) => {
      const large = bytes.length > MULTIPART_ABOVE_BYTES;
      const write = ifAbsent || large ? s3Write(connection, reads, random, key, ifAbsent) : undefined;
      if (write === undefined || !large) return putWhole(connection, write, counters, key, bytes, signal);
      return putMultipart(connection, reads, write, counters, bytes, signal);
    },
    get: (key, offset, length, signal) => reads.get(key, offset, length, signal),
    head: async (key, signal) => {
      const found = await reads.head(key, signal);
      return found && { key, bytes: found.bytes };
    },
    delete: (keys, signal) => deleteKeys(connection, counters, keys, signal),
    list: (prefix, after, signal) => reads.list(prefix, after, signal),
    close: () => connection.close(),
  });
  if (options.prefix === undefined || options.prefix === '') return bucket;
  const view = withPrefix(bucket, options.prefix);
  return {
    ...view,
    close: async () => {
      await view.close();
      await bucket.close();
    },
  };
}
