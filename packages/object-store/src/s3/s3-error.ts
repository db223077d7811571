/** Failures of S3 as Clortho errors. */
import { ClorthoError, type ErrorCode, isClorthoError } from '@clortho/base';
import {
  ChecksumMismatchError,
  codeOf,
  isInterrupted,
  isUnreachable,
  refusesCredentials,
  statusOf,
} from './s3-failure.ts';

/** What messages say about the place. */
export interface S3Place {
  /** `s3://bucket/prefix`. */
  readonly name: string;
  readonly bucket: string;
  /** The URL, or the region of AWS. */
  readonly endpoint: string;
}

const ELSEWHERE = new Set([
  'PermanentRedirect',
  'AuthorizationHeaderMalformed',
  'IllegalLocationConstraintException',
]);

/** Returns the error to throw for what the SDK threw; Clortho errors stay as they are. */
export function s3Error(cause: unknown, place: S3Place): ClorthoError {
  if (isClorthoError(cause)) return cause;
  const code = codeOf(cause);
  const status = statusOf(cause);
  const reason = `status=${status ?? 'none'} reason=${code}: ${(cause as Error).message}`;
  const error = (kind: ErrorCode, problem: string, facts: string): ClorthoError =>
    new ClorthoError(kind, `${problem}: ${facts}`, { cause });

  if (cause instanceof ChecksumMismatchError) {
    return error('CLORTHO_CORRUPT', 'checksum mismatch', `store=${place.name} ${cause.message}`);
  }
  if (code === 'NoSuchBucket') return error('CLORTHO_NOT_FOUND', 'no such bucket', `bucket=${place.bucket}`);
  if (status === 412) return error('CLORTHO_CONFLICT', 'the condition does not hold', `store=${place.name}`);
  if (isUnreachable(cause)) {
    return error(
      'CLORTHO_UNAVAILABLE',
      'the endpoint cannot be reached',
      `endpoint=${place.endpoint} ${reason}`,
    );
  }
  // Whatever the status: what the answer would have said, nobody knows.
  if (isInterrupted(cause))
    return error('CLORTHO_UNAVAILABLE', 'the request failed', `store=${place.name} ${reason}`);
  if (code === 'CredentialsProviderError') {
    return error('CLORTHO_UNAVAILABLE', 'no credentials were found', `store=${place.name} ${reason}`);
  }
  if (status === 403 || refusesCredentials(cause)) {
    const facts = `store=${place.name} endpoint=${place.endpoint} ${reason}`;
    return error('CLORTHO_UNAVAILABLE', 'the credentials were refused', facts);
  }
  if (status === 301 || ELSEWHERE.has(code)) {
    return error('CLORTHO_INVALID', 'the bucket is in another region', `bucket=${place.bucket} ${reason}`);
  }
  if ((cause as Error).message === 'Region is missing') {
    return error('CLORTHO_INVALID', 'no region was given or found', `store=${place.name}`);
  }
  if (status === 501)
    return error('CLORTHO_UNSUPPORTED', 'not offered by the server', `store=${place.name} ${reason}`);
  if (code === 'NoSuchUpload')
    return error('CLORTHO_UNAVAILABLE', 'the upload is gone', `store=${place.name}`);
  if (status !== undefined && status >= 400 && status < 500 && status !== 409 && status !== 429) {
    return error('CLORTHO_INVALID', 'the request was refused', `store=${place.name} ${reason}`);
  }
  return error('CLORTHO_UNAVAILABLE', 'the request failed', `store=${place.name} ${reason}`);
}
