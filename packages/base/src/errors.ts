/**
 * One error class for every package: callers branch on `code`, which says what to do next.
 *
 * Invariants:
 * - A message is lower case and ends in facts: `block checksum mismatch: file=… offset=…`.
 * - `code` is stable across versions and package copies; `instanceof` is not.
 */

/** What the caller should do; see the table in the README. */
export type ErrorCode =
  | 'CLORTHO_INVALID'
  | 'CLORTHO_CLOSED'
  | 'CLORTHO_ABORTED'
  | 'CLORTHO_NOT_FOUND'
  | 'CLORTHO_CONFLICT'
  | 'CLORTHO_FENCED'
  | 'CLORTHO_UNAVAILABLE'
  | 'CLORTHO_OUTCOME_UNKNOWN'
  | 'CLORTHO_HISTORY_TRUNCATED'
  | 'CLORTHO_CORRUPT'
  | 'CLORTHO_UNSUPPORTED';

/** The error that every Clortho package throws. */
export class ClorthoError extends Error {
  readonly code: ErrorCode;

  /** Creates an error whose `cause`, if any, is what was caught. */
  constructor(code: ErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.name = 'ClorthoError';
    this.code = code;
  }
}

/** Tells whether `error` carries `code` (any Clortho code when omitted), whichever package copy threw it. */
export function isClorthoError(error: unknown, code?: ErrorCode): error is ClorthoError {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return false;
  return code === undefined ? error.code.startsWith('CLORTHO_') : error.code === code;
}
