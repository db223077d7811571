/**
 * Faults on demand: what a real DynamoDB does on its bad days.
 *
 * Invariants:
 * - A fault says whether the request took effect: `...AfterEffect` kinds do all of the work and lose the answer.
 */
import { transactionCanceled } from './operations/transactions.ts';
import type { JsonObject } from './request.ts';
import { ServiceError } from './service-error.ts';

/** A request as a fault hook sees it. */
export interface DynamoDbRequest {
  /** The operation, such as `UpdateItem`. */
  readonly operation: string;
  /** The JSON of the request. */
  readonly input: JsonObject;
  /** How many requests of this operation the server has seen, this one included. */
  readonly number: number;
}

/** What goes wrong with one request. */
export type DynamoDbFault =
  /**
   * Answers with an error and does nothing. `TransactionConflict` becomes what DynamoDB makes of it: a cancelled
   * transaction, or a `TransactionConflictException` for a single write.
   */
  | { readonly kind: 'error'; readonly code: string }
  /** Cancels a transaction, which does nothing, for these reasons: one code per action, `None` for those left out. */
  | { readonly kind: 'cancel'; readonly reasons: readonly string[] }
  /** Does the work, then answers with an error. */
  | { readonly kind: 'errorAfterEffect'; readonly code: string }
  /** Resets the connection and does nothing. */
  | { readonly kind: 'dropBeforeEffect' }
  /** Does the work, then resets the connection. */
  | { readonly kind: 'dropAfterEffect' }
  /** Waits, then serves the request normally. */
  | { readonly kind: 'delay'; readonly delayMs: number }
  /** Does the work, then waits before it answers. */
  | { readonly kind: 'delayAfterEffect'; readonly delayMs: number }
  /** Does the work, then sends half of the answer and resets the connection. */
  | { readonly kind: 'truncateBody' }
  /** Does the work, then sends half of the answer and falls silent. */
  | { readonly kind: 'stallBody' };

/** The hook of a running server; set and unset it at any time. */
export interface DynamoDbFaults {
  /** Called once for every request whose signature is right; what it returns goes wrong. */
  onRequest?: ((request: DynamoDbRequest) => DynamoDbFault | undefined) | undefined;
}

/** Returns the error answer that a fault asks for. */
export function faultError(code: string, { operation, input }: DynamoDbRequest): ServiceError {
  if (code === 'InternalServerError') {
    return new ServiceError(code, 'The request processing has failed because of an unknown error', {}, 500);
  }
  if (code !== 'TransactionConflict') return new ServiceError(code, `injected fault: operation=${operation}`);
  if (!Array.isArray(input['TransactItems'])) {
    return new ServiceError('TransactionConflictException', 'Transaction is ongoing for the item');
  }
  return canceledFor([code], input);
}

/** Returns the error answer for a transaction that is cancelled for these reasons. */
export function canceledFor(reasons: readonly string[], input: JsonObject): ServiceError {
  const actions = input['TransactItems'];
  return transactionCanceled(
    (Array.isArray(actions) ? actions : []).map((_action, index) => {
      const code = reasons[index] ?? 'None';
      return code === 'None' ? { Code: code } : { Code: code, Message: `injected reason: ${code}` };
    }),
  );
}
