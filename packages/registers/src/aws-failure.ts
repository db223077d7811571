/**
 * What the errors of the AWS SDK say about a request that was sent once.
 *
 * Source: the retryable and definite errors of the DynamoDB and S3 developer guides; a 5xx answer and a broken
 * connection say nothing about whether the request took effect.
 */
import { ClorthoError } from '@clortho/base';
import { type Failure, reasonOf } from './attempts.ts';

/** Certainly had no effect: too many requests at a time. */
const THROTTLED: ReadonlySet<string> = new Set([
  'ProvisionedThroughputExceededException',
  'ThrottlingException',
  'Throttling',
  'RequestLimitExceeded',
  'TooManyRequestsException',
  'SlowDown',
]);

/** Certainly had no effect, and may have one next time: somebody else was at it. */
const IN_CONFLICT: ReadonlySet<string> = new Set([
  'LimitExceededException',
  'TransactionConflictException',
  'ReplicatedWriteConflictException',
  'ConditionalRequestConflict',
  'OperationAborted',
]);

const MISSING: ReadonlySet<string> = new Set(['ResourceNotFoundException', 'NoSuchBucket']);

/** The keys are no good, or no good any more: others may be. */
const CREDENTIALS: ReadonlySet<string> = new Set([
  'UnrecognizedClientException',
  'InvalidSignatureException',
  'MissingAuthenticationTokenException',
  'IncompleteSignatureException',
  'ExpiredTokenException',
  'CredentialsProviderError',
  'TokenProviderError',
  'TokenRefreshRequired',
  'InvalidAccessKeyId',
  'InvalidToken',
  'SignatureDoesNotMatch',
  'ExpiredToken',
  'RequestExpired',
]);

/** The keys are good, and may not do this. */
const FORBIDDEN: ReadonlySet<string> = new Set([
  'AccessDeniedException',
  'AccessDenied',
  'RequestTimeTooSkewed',
]);

/** Certainly had no effect, and will have none until somebody mends something or the call is made anew. */
const NOT_NOW: Readonly<Record<string, string>> = {
  ItemCollectionSizeLimitExceededException: 'the table has a local index, and its partition is full',
  IdempotentParameterMismatchException: 'the request token belongs to another request',
};

/** A 4xx that tells nothing of the effect: the request may still be under way, or was cut off. */
const IN_PROGRESS: ReadonlySet<string> = new Set(['TransactionInProgressException', 'RequestTimeout']);

/** Codes of a connection that was never made. */
const UNREACHABLE: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);

/** Returns how a request failed, as far as it is no matter of conditions. */
export function awsFailure(store: string, error: unknown): Failure {
  const { name, code, status, text, isWhole } = facts(error);
  const failed = (errorCode: ClorthoError['code'], problem: string): ClorthoError =>
    new ClorthoError(errorCode, `${problem}: store=${store} reason=${reasonOf(error)}`, { cause: error });
  // What it would have said, nobody knows: a status alone does not tell a lost condition from a bad request.
  if (status > 0 && !isWhole) return { kind: 'uncertain', cause: error };
  if (THROTTLED.has(name) || status === 429)
    return { kind: 'throttled', error: failed('CLORTHO_UNAVAILABLE', 'throttled') };
  if (IN_CONFLICT.has(name))
    return { kind: 'retryable', error: failed('CLORTHO_UNAVAILABLE', 'in conflict with another request') };
  if (MISSING.has(name))
    return { kind: 'refused', error: failed('CLORTHO_NOT_FOUND', 'table or bucket is missing') };
  if (CREDENTIALS.has(name) || FORBIDDEN.has(name) || status === 401 || status === 403) {
    return { kind: 'refused', error: failed('CLORTHO_UNAVAILABLE', 'credentials were refused') };
  }
  const problem = NOT_NOW[name];
  if (problem !== undefined) return { kind: 'refused', error: failed('CLORTHO_UNAVAILABLE', problem) };
  if (UNREACHABLE.has(code) || /did not establish a connection/.test(text)) {
    return { kind: 'retryable', error: failed('CLORTHO_UNAVAILABLE', 'endpoint cannot be reached') };
  }
  if (/Region is missing/.test(text))
    return { kind: 'refused', error: failed('CLORTHO_INVALID', 'no region is set') };
  if (name === 'NotImplemented' || status === 501) {
    return { kind: 'refused', error: failed('CLORTHO_UNSUPPORTED', 'the service cannot do this') };
  }
  if (status >= 400 && status < 500 && !IN_PROGRESS.has(name) && status !== 408) {
    return { kind: 'refused', error: failed('CLORTHO_INVALID', 'request was refused') };
  }
  return { kind: 'uncertain', cause: error };
}

/** Tells whether a request failed for its credentials, so that others may help. */
export function refusesCredentials(error: unknown): boolean {
  return CREDENTIALS.has(facts(error).name);
}

/** Returns the HTTP status of the answer, or 0 if there was none. */
export function awsStatus(error: unknown): number {
  return facts(error).status;
}

/** Returns the name that the service gave an error, or an empty string. */
export function awsErrorName(error: unknown): string {
  return facts(error).name;
}

interface Facts {
  readonly name: string;
  readonly code: string;
  readonly status: number;
  readonly text: string;
  /** Whether the answer was read to its end: only then does the SDK say whose fault it is. */
  readonly isWhole: boolean;
}

function facts(error: unknown): Facts {
  if (!(error instanceof Error))
    return { name: '', code: '', status: 0, text: String(error), isWhole: false };
  const { $metadata, code } = error as { $metadata?: { httpStatusCode?: number }; code?: unknown };
  return {
    name: error.name,
    code: typeof code === 'string' ? code : '',
    status: $metadata?.httpStatusCode ?? 0,
    text: error.message,
    isWhole: '$fault' in error,
  };
}
