/**
 * Large blobs in parts, several at a time.
 *
 * Invariants:
 * - Nothing is visible before completion, which is one request; a failure aborts the upload, so that no parts stay.
 */
import type { CompletedPart } from '@aws-sdk/client-s3';
import { limiter } from '@clortho/base';
import { presentError } from '../backend/object-backend.ts';
import type { ObjectCounters } from '../object-store.ts';
import type { S3Connection } from './s3-connection.ts';
import type { S3Reads } from './s3-read.ts';
import type { S3Write } from './s3-write.ts';

/** Blobs above this size are stored in parts. */
export const MULTIPART_ABOVE_BYTES: number = 16 * 1024 * 1024;

const PART_BYTES_MIN = 8 * 1024 * 1024;
const PARTS_MAX = 10_000;
const PARTS_AT_ONCE = 4;
const ABORTS_MAX = 3;

/** Stores a blob in parts. */
export async function putMultipart(
  connection: S3Connection,
  reads: S3Reads,
  write: S3Write,
  counters: ObjectCounters,
  bytes: Uint8Array,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { key } = write;
  const { bucket: Bucket, name } = connection.place;
  // Saves the upload if it would be in vain, and narrows the gap on servers that ignore the condition at completion.
  if (write.ifAbsent && (await reads.head(key, signal)) !== undefined) throw presentError(name, key);
  const UploadId = await connection.request(signal, async ({ client, sdk, options }) => {
    counters.puts += 1;
    const input = { Bucket, Key: key, Metadata: { ...write.metadata } };
    return (await client.send(new sdk.CreateMultipartUploadCommand(input), options)).UploadId as string;
  });
  try {
    const Parts = await uploadParts(connection, counters, key, UploadId, bytes, signal);
    await write.commit(signal, async ({ client, sdk, options }) => {
      counters.puts += 1;
      const condition = write.ifAbsent ? { IfNoneMatch: '*' } : {};
      const input = { Bucket, Key: key, UploadId, MultipartUpload: { Parts }, ...condition };
      await client.send(new sdk.CompleteMultipartUploadCommand(input), options);
    });
  } catch (error) {
    await abortUpload(connection, key, UploadId);
    throw error;
  }
}

/** Uploads all parts and returns them in order; the first failure stops the rest. */
async function uploadParts(
  connection: S3Connection,
  counters: ObjectCounters,
  key: string,
  UploadId: string,
  bytes: Uint8Array,
  signal: AbortSignal | undefined,
): Promise<CompletedPart[]> {
  const partBytes = Math.max(PART_BYTES_MIN, Math.ceil(bytes.length / PARTS_MAX));
  const count = Math.ceil(bytes.length / partBytes);
  const lanes = limiter(PARTS_AT_ONCE);
  const stop = new AbortController();
  const stopped = signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal]);
  let failure: unknown;

  const upload = async (index: number): Promise<CompletedPart> => {
    const Body = bytes.subarray(index * partBytes, (index + 1) * partBytes);
    const PartNumber = index + 1;
    return connection.request(stopped, async ({ client, sdk, options }) => {
      counters.puts += 1;
      counters.bytesPut += Body.length;
      const input = { Bucket: connection.place.bucket, Key: key, UploadId, PartNumber, Body };
      const answer = await client.send(new sdk.UploadPartCommand(input), options);
      const crc32 = answer.ChecksumCRC32 === undefined ? {} : { ChecksumCRC32: answer.ChecksumCRC32 };
      return { PartNumber, ETag: answer.ETag, ...crc32 };
    });
  };
  const parts = await Promise.allSettled(
    Array.from({ length: count }, (_, index) =>
      lanes
        .run(() => upload(index), stopped)
        .catch((error: unknown) => {
          failure ??= error;
          stop.abort();
          throw error;
        }),
    ),
  );
  if (failure !== undefined) throw failure as Error;
  return parts.map((part) => (part as PromiseFulfilledResult<CompletedPart>).value);
}

/**
 * Drops the parts. A part that is still on its way to the service may land afterwards, so this looks, and drops them
 * again, until the service does not know the upload any more. What cannot be dropped is left to the bucket's
 * lifecycle rule; the error that led here counts.
 */
async function abortUpload(connection: S3Connection, key: string, UploadId: string): Promise<void> {
  const upload = { Bucket: connection.place.bucket, Key: key, UploadId };
  try {
    for (let aborts = 0; aborts < ABORTS_MAX; aborts += 1) {
      await connection.request(undefined, ({ client, sdk }) =>
        client.send(new sdk.AbortMultipartUploadCommand(upload)),
      );
      await connection.request(undefined, ({ client, sdk }) => client.send(new sdk.ListPartsCommand(upload)));
    }
  } catch {
    // As a rule, the service said that there is no such upload.
  }
}
