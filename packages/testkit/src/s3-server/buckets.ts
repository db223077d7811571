/**
 * The buckets of the S3 server, in memory.
 *
 * Invariants:
 * - Objects are replaced, never changed, so an answer under way keeps what it began with.
 */
import type { Clock } from '@clortho/base';
import { S3Error } from './s3-error.ts';
import type { S3Answer } from './s3-request.ts';
import { document, element, textOf } from './xml.ts';

/** A stored object. */
export interface StoredObject {
  readonly bytes: Uint8Array;
  /** The entity tag, without quotes. */
  readonly etag: string;
  readonly modifiedMs: number;
  /** Content headers and `x-amz-meta-*`, as they are sent back. */
  readonly headers: Readonly<Record<string, string>>;
  /** The base64 CRC-32, if the writer named it. */
  readonly crc32: string | undefined;
}

/** A multipart upload under way. */
export interface Upload {
  readonly key: string;
  readonly initiatedMs: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly parts: Map<number, StoredObject>;
}

/** A bucket. */
export interface Bucket {
  readonly createdMs: number;
  readonly objects: Map<string, StoredObject>;
  readonly uploads: Map<string, Upload>;
}

/** All buckets of a server by name. */
export type Buckets = Map<string, Bucket>;

const BUCKET_NAME = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;

/** Returns the bucket `name`. @throws {S3Error} 404 `NoSuchBucket`. */
export function bucketOf(buckets: Buckets, name: string): Bucket {
  const bucket = buckets.get(name);
  if (bucket === undefined) throw new S3Error(404, 'NoSuchBucket', 'The specified bucket does not exist');
  return bucket;
}

/**
 * Creates a bucket. `configuration` is the XML of the request, or nothing.
 *
 * @throws {S3Error} 409 if it exists, 400 if it cannot be named so or lies in another region than the server.
 */
export function createBucket(
  buckets: Buckets,
  name: string,
  configuration: string,
  region: string,
  clock: Clock,
): S3Answer {
  if (configuration !== '') {
    const location = textOf(configuration, 'LocationConstraint');
    if (location === undefined) throw new S3Error(400, 'MalformedXML', 'The configuration names no region');
    if (location !== region) throw new S3Error(400, 'IllegalLocationConstraintException', `not ${region}`);
  }
  if (!BUCKET_NAME.test(name))
    throw new S3Error(400, 'InvalidBucketName', 'The specified bucket is not valid');
  if (buckets.has(name)) throw new S3Error(409, 'BucketAlreadyOwnedByYou', 'You already own this bucket');
  buckets.set(name, { createdMs: clock.now() / 1000, objects: new Map(), uploads: new Map() });
  return { status: 200, headers: { location: `/${name}` } };
}

/** Deletes an empty bucket. @throws {S3Error} 409 `BucketNotEmpty`. */
export function deleteBucket(buckets: Buckets, name: string): S3Answer {
  if (bucketOf(buckets, name).objects.size > 0)
    throw new S3Error(409, 'BucketNotEmpty', 'The bucket is not empty');
  buckets.delete(name);
  return { status: 204 };
}

/** Lists the buckets by name. */
export function listBuckets(buckets: Buckets): S3Answer {
  const listed = [...buckets].sort(([left], [right]) => (left < right ? -1 : 1));
  const entries = listed.map(([name, bucket]) =>
    element('Bucket', [element('Name', name), element('CreationDate', isoTime(bucket.createdMs))]),
  );
  const owner = element('Owner', [element('ID', 'owner'), element('DisplayName', 'owner')]);
  return { status: 200, body: document('ListAllMyBucketsResult', [owner, element('Buckets', entries)]) };
}

/** Returns the time as XML answers give it: `2026-01-02T03:04:05.000Z`. */
export function isoTime(epochMs: number): string {
  return new Date(epochMs).toISOString();
}

/** Returns the time as headers give it: `Fri, 02 Jan 2026 03:04:05 GMT`. */
export function httpTime(epochMs: number): string {
  return new Date(epochMs).toUTCString();
}
