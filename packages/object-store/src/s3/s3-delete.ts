/** Deleting from S3, a thousand keys a request. */
import type { ObjectCounters } from '../object-store.ts';
import type { S3Connection } from './s3-connection.ts';
import { KeyFailedError } from './s3-failure.ts';

const KEYS_PER_REQUEST = 1000;
const NOT_IN_XML = /[^\P{Cc}\t\n\r]|[\ufffe\uffff]/u; // Control characters have no form in XML 1.0.

/** Deletes all keys, present or not. */
export async function deleteKeys(
  connection: S3Connection,
  counters: ObjectCounters,
  keys: readonly string[],
  signal: AbortSignal | undefined,
): Promise<void> {
  const single = keys.filter((key) => NOT_IN_XML.test(key));
  const many = keys.filter((key) => !NOT_IN_XML.test(key));
  const requests = single.map((key) => deleteOne(connection, counters, key, signal));
  for (let start = 0; start < many.length; start += KEYS_PER_REQUEST) {
    requests.push(deleteMany(connection, counters, many.slice(start, start + KEYS_PER_REQUEST), signal));
  }
  const outcomes = await Promise.allSettled(requests);
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
}

function deleteOne(
  connection: S3Connection,
  counters: ObjectCounters,
  key: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  return connection.request(signal, async ({ client, sdk, options }) => {
    counters.deletes += 1;
    await client.send(new sdk.DeleteObjectCommand({ Bucket: connection.place.bucket, Key: key }), options);
  });
}

/** The answer is a success even if keys failed: those are sent again. */
function deleteMany(
  connection: S3Connection,
  counters: ObjectCounters,
  keys: readonly string[],
  signal: AbortSignal | undefined,
): Promise<void> {
  let left = keys;
  return connection.request(signal, async ({ client, sdk, options }) => {
    counters.deletes += 1;
    const Delete = { Objects: left.map((Key) => ({ Key })), Quiet: true };
    const answer = await client.send(
      new sdk.DeleteObjectsCommand({ Bucket: connection.place.bucket, Delete }),
      options,
    );
    const failed = (answer.Errors ?? []).filter(({ Code }) => Code !== 'NoSuchKey');
    const [first] = failed;
    if (first === undefined) return;
    left = failed.map(({ Key }) => Key ?? '');
    throw new KeyFailedError(first.Key ?? '', first.Code ?? 'Unknown', first.Message ?? 'not deleted');
  });
}
