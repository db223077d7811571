/** Single objects: put, get, head, delete, copy. */
import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { Clock } from '@clortho/base';
import { type Bucket, type Buckets, bucketOf, httpTime, isoTime, type StoredObject } from './buckets.ts';
import { checkReadConditions, checkWriteConditions } from './conditions.ts';
import { type Payload, payloadOf } from './payload.ts';
import { S3Error } from './s3-error.ts';
import { headerOf, type S3Answer, type S3Request } from './s3-request.ts';
import { document, element } from './xml.ts';

const KEPT_HEADERS = ['content-type', 'cache-control', 'content-disposition', 'content-language', 'expires'];

/** Stores an object. */
export function putObject(bucket: Bucket, request: S3Request, clock: Clock): S3Answer {
  const payload = payloadOf(request);
  checkWriteConditions(request.headers, bucket.objects.get(request.key));
  const object = storedObject(payload, keptHeaders(request.headers), clock);
  bucket.objects.set(request.key, object);
  return { status: 200, headers: { etag: `"${object.etag}"`, ...checksumHeader(object) } };
}

/** Returns an object or a range of it; without a body for HEAD. */
export function getObject(bucket: Bucket, request: S3Request): S3Answer {
  const object = objectOf(bucket, request.key);
  const etag = `"${object.etag}"`;
  const modified = httpTime(object.modifiedMs);
  if (!checkReadConditions(request.headers, object)) return { status: 304, headers: { etag } };
  const common = { ...object.headers, etag, 'last-modified': modified, 'accept-ranges': 'bytes' };
  const range = parseRange(headerOf(request.headers, 'range'), object.bytes.length);
  if (range === undefined) {
    const wantsChecksum = headerOf(request.headers, 'x-amz-checksum-mode') === 'ENABLED';
    const headers = { ...common, ...(wantsChecksum ? checksumHeader(object) : {}) };
    return { status: 200, headers, body: object.bytes };
  }
  const contentRange = `bytes ${range.start}-${range.end - 1}/${object.bytes.length}`;
  return {
    status: 206,
    headers: { ...common, 'content-range': contentRange },
    body: object.bytes.subarray(range.start, range.end),
  };
}

/** Deletes an object; an absent one is no error. */
export function deleteObject(bucket: Bucket, request: S3Request): S3Answer {
  checkWriteConditions(request.headers, bucket.objects.get(request.key));
  bucket.objects.delete(request.key);
  return { status: 204 };
}

/** Copies an object, with its headers unless they are replaced. */
export function copyObject(buckets: Buckets, bucket: Bucket, request: S3Request, clock: Clock): S3Answer {
  const source = decodeURIComponent(headerOf(request.headers, 'x-amz-copy-source') ?? '').replace(/^\//, '');
  const slash = source.indexOf('/');
  if (slash < 0) throw new S3Error(400, 'InvalidArgument', 'x-amz-copy-source is not bucket/key');
  const original = objectOf(bucketOf(buckets, source.slice(0, slash)), source.slice(slash + 1));
  checkWriteConditions(request.headers, bucket.objects.get(request.key));
  const replaces = headerOf(request.headers, 'x-amz-metadata-directive') === 'REPLACE';
  const copy: StoredObject = {
    ...original,
    modifiedMs: clock.now() / 1000,
    headers: replaces ? keptHeaders(request.headers) : original.headers,
  };
  bucket.objects.set(request.key, copy);
  const result = [element('ETag', `"${copy.etag}"`), element('LastModified', isoTime(copy.modifiedMs))];
  return { status: 200, body: document('CopyObjectResult', result) };
}

/** Returns an object of these bytes; its entity tag is their MD5. */
export function storedObject(
  payload: Payload,
  headers: Readonly<Record<string, string>>,
  clock: Clock,
): StoredObject {
  const etag = createHash('md5').update(payload.bytes).digest('hex');
  return { bytes: payload.bytes, etag, modifiedMs: clock.now() / 1000, headers, crc32: payload.crc32 };
}

/** Returns the headers of a write that later reads send back. */
export function keptHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const name of Object.keys(headers)) {
    if (KEPT_HEADERS.includes(name) || name.startsWith('x-amz-meta-'))
      kept[name] = headerOf(headers, name) ?? '';
  }
  return kept;
}

/** Returns the checksum header of an object that has one. */
export function checksumHeader(object: StoredObject): Record<string, string> {
  return object.crc32 === undefined ? {} : { 'x-amz-checksum-crc32': object.crc32 };
}

function objectOf(bucket: Bucket, key: string): StoredObject {
  const object = bucket.objects.get(key);
  if (object === undefined) throw new S3Error(404, 'NoSuchKey', 'The specified key does not exist');
  return object;
}

/** Returns the half-open range that a Range header names; `undefined` for none or one that HTTP says to ignore. */
function parseRange(header: string | undefined, size: number): { start: number; end: number } | undefined {
  const parts = /^bytes=(\d*)-(\d*)$/.exec(header ?? '');
  const [, first = '', last = ''] = parts ?? [];
  if (first === '' && last === '') return undefined;
  const start = first === '' ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === '' || last === '' ? size : Math.min(size, Number(last) + 1);
  if (start >= size || end <= start)
    throw new S3Error(416, 'InvalidRange', 'The requested range is not satisfiable');
  return { start, end };
}
