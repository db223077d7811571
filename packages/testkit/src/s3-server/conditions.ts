/** Conditional requests: which `If-Match` and `If-None-Match` hold. */
import type { IncomingHttpHeaders } from 'node:http';
import type { StoredObject } from './buckets.ts';
import { S3Error } from './s3-error.ts';
import { headerOf } from './s3-request.ts';

/**
 * Returns normally if the conditions of a write or delete hold for the object in its place.
 *
 * Tags are taken with or without quotes.
 *
 * @throws {S3Error} 412 `PreconditionFailed`; 404 `NoSuchKey` for `If-Match` without an object.
 */
export function checkWriteConditions(headers: IncomingHttpHeaders, current: StoredObject | undefined): void {
  const ifNoneMatch = headerOf(headers, 'if-none-match');
  if (ifNoneMatch !== undefined) {
    if (ifNoneMatch !== '*') throw new S3Error(501, 'NotImplemented', 'If-None-Match takes only * here');
    if (current !== undefined) throw failed('If-None-Match');
  }
  const ifMatch = headerOf(headers, 'if-match');
  if (ifMatch === undefined) return;
  if (current === undefined) throw new S3Error(404, 'NoSuchKey', 'The specified key does not exist');
  if (!matches(ifMatch, current.etag)) throw failed('If-Match');
}

/**
 * Returns whether a read is to be answered; `false` means 304.
 *
 * @throws {S3Error} 412 `PreconditionFailed`.
 */
export function checkReadConditions(headers: IncomingHttpHeaders, current: StoredObject): boolean {
  const ifMatch = headerOf(headers, 'if-match');
  if (ifMatch !== undefined && !matches(ifMatch, current.etag)) throw failed('If-Match');
  const ifNoneMatch = headerOf(headers, 'if-none-match');
  return ifNoneMatch === undefined || !matches(ifNoneMatch, current.etag);
}

function matches(condition: string, etag: string): boolean {
  if (condition === '*') return true;
  return condition.split(',').some((tag) => tag.trim().replace(/^W\//, '').replaceAll('"', '') === etag);
}

function failed(condition: string): S3Error {
  return new S3Error(
    412,
    'PreconditionFailed',
    `At least one of the pre-conditions did not hold: ${condition}`,
  );
}
