/**
 * What a failed S3 request says: whether to repeat it, and whether it may have taken effect all the same.
 *
 *     answer or error                     repeat   may have landed
 *     ─────────────────────────────────   ──────   ───────────────
 *     connection refused, name unknown    yes      no: nothing was sent
 *     reset, time-out, half a body        yes      yes
 *     503 SlowDown, 429: throttled        yes      no
 *     500, 502, 503, 504                  yes      yes
 *     409 ConditionalRequestConflict      yes      no
 *     other 4xx, 501                      no       no
 *
 * Sources: S3 "Error responses" and "Conditional writes"; 500 leaves either value ("best practices for errors").
 */
import type { RetryVerdict } from '@clortho/base';

/** Thrown for an answer that arrived but is not whole. */
export class DamagedAnswerError extends Error {}

/** Thrown for an answer whose bytes are not those that the service keeps, by its own checksum. */
export class ChecksumMismatchError extends DamagedAnswerError {}

/** Thrown for a key that a request for many keys could not serve; `code` is S3's. */
export class KeyFailedError extends Error {
  readonly Code: string;

  /** Creates the error for one of the keys. */
  constructor(key: string, code: string, message: string) {
    super(`${message}: key=${key}`);
    this.Code = code;
  }
}

const UNREACHABLE = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH']);
const INTERRUPTED = new Set([
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'ERR_STREAM_PREMATURE_CLOSE',
]);
const THROTTLED = new Set(['SlowDown', 'Throttling', 'ThrottlingException', 'RequestLimitExceeded']);
const UNSERVED = new Set([
  ...THROTTLED,
  'ConditionalRequestConflict',
  'OperationAborted',
  'RequestTimeTooSkewed', // The SDK has taken over the server's time when the error arrives.
]);
const REPEATED = new Set([...UNSERVED, 'InternalError', 'ServiceUnavailable', 'RequestTimeout']);

const CREDENTIALS = new Set([
  'CredentialsProviderError',
  'TokenProviderError',
  'TokenRefreshRequired',
  'InvalidAccessKeyId',
  'InvalidToken',
  'SignatureDoesNotMatch',
  'ExpiredToken',
  'RequestExpired',
]);

/** Returns S3's code, or the name of the error. */
export function codeOf(error: unknown): string {
  const { Code, name } = error as { Code?: unknown; name?: unknown };
  return typeof Code === 'string' ? Code : String(name);
}

/** Returns the HTTP status of the answer, or `undefined` if there was none. */
export function statusOf(error: unknown): number | undefined {
  return (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;
}

/** Tells whether the endpoint could not be reached, so that nothing was sent. */
export function isUnreachable(error: unknown): boolean {
  const { code, message } = error as { code?: unknown; message?: unknown };
  if (typeof code === 'string' && UNREACHABLE.has(code)) return true;
  return isTimeout(error) && String(message).includes('onnection'); // The SDK's connection time-out.
}

/** Tells whether to send the request again. */
export function isRepeatable(error: unknown): RetryVerdict {
  const status = statusOf(error);
  if (THROTTLED.has(codeOf(error)) || status === 429) return 'throttled';
  if (isUnreachable(error) || isInterrupted(error) || REPEATED.has(codeOf(error))) return true;
  return status !== undefined && status >= 500 && status !== 501;
}

/** Tells whether the keys are no good, or no good any more, so that others may be. */
export function refusesCredentials(error: unknown): boolean {
  // The answer to a HEAD has no code that could tell keys that expired from keys that may not do this.
  const isUntold = statusOf(error) === 403 && (error as { Code?: unknown }).Code === undefined;
  return isUntold || CREDENTIALS.has(codeOf(error));
}

/** Tells whether a write that failed like this may have taken effect, or still will. */
export function mayHaveLanded(error: unknown): boolean {
  if (isUnreachable(error) || UNSERVED.has(codeOf(error))) return false;
  return isInterrupted(error) || (statusOf(error) ?? 0) >= 500;
}

/** Tells whether the connection broke, or fell silent, before the answer was whole. */
export function isInterrupted(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return error instanceof DamagedAnswerError || isTimeout(error) || INTERRUPTED.has(String(code));
}

function isTimeout(error: unknown): boolean {
  return codeOf(error) === 'TimeoutError';
}
