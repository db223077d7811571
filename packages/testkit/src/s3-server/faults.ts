/**
 * Faults on demand: what a real S3 does on its bad days.
 *
 * Invariants:
 * - A fault says whether the request took effect: `...AfterEffect` kinds do all of the work and lose the answer.
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { S3Operation } from './operation.ts';

/** A request as a fault hook sees it. */
export interface FaultSubject {
  readonly operation: S3Operation;
  readonly bucket: string;
  readonly key: string;
  /** The headers of the request, by lower-case name. */
  readonly headers: IncomingHttpHeaders;
  /** How many requests of this operation the server has seen, this one included. */
  readonly number: number;
}

/** What goes wrong with one request. */
export type S3Fault =
  /** Answers with an error and does nothing. Status 200 embeds the error in a success, as S3 does at times. */
  | { readonly kind: 'error'; readonly status: number; readonly code: string }
  /** Does the work, then answers with an error. */
  | { readonly kind: 'errorAfterEffect'; readonly status: number; readonly code: string }
  /** Resets the connection and does nothing. */
  | { readonly kind: 'dropBeforeEffect' }
  /** Does the work, then resets the connection. */
  | { readonly kind: 'dropAfterEffect' }
  /** Waits, then serves the request normally. */
  | { readonly kind: 'delay'; readonly delayMs: number }
  /** Does the work, then sends half of the body and resets the connection. */
  | { readonly kind: 'truncateBody' }
  /** Does the work, then sends half of the body and falls silent. */
  | { readonly kind: 'stallBody' }
  /** Does the work, then flips a bit in the middle of the body; headers tell of the body as it was. */
  | { readonly kind: 'corruptBody' };

/** The hooks of a running server; set and unset them at any time. */
export interface S3Faults {
  /**
   * Called once for every request whose signature is right; what it returns goes wrong. A promise holds the
   * request until it resolves.
   */
  onRequest?: ((subject: FaultSubject) => S3Fault | undefined | Promise<S3Fault | undefined>) | undefined;
  /** Called for every key of DeleteObjects; the error code it returns is reported for that key, which stays. */
  onDeleteKey?: ((key: string) => string | undefined) | undefined;
}
