/** What DynamoDB's errors say about a write. */
import type * as Sdk from '@aws-sdk/client-dynamodb';
import { ClorthoError } from '@clortho/base';
import type { Failure } from '../attempts.ts';
import { awsErrorName, awsFailure } from '../aws-failure.ts';
import type { Register } from '../register-store.ts';
import { registerOf } from './item.ts';

/** Reasons for a cancelled transaction that go away by themselves: throttling, and another transaction. */
const THROTTLING_REASONS: ReadonlySet<string> = new Set([
  'ProvisionedThroughputExceeded',
  'ThrottlingError',
  'RequestLimitExceeded',
]);
const CONFLICT_REASON = 'TransactionConflict';
/** Reasons that somebody has to mend; the same call succeeds then. */
const LASTING_REASONS: ReadonlySet<string> = new Set(['ItemCollectionSizeLimitExceeded', 'AccessDenied']);

/** What DynamoDB says of requests for another primary key than the table's. */
const OTHER_KEY =
  /does not match the schema|Missing the key|Type mismatch for key|required keys was not given/;

/** Returns how a request to `store` for `count` registers failed. */
export function dynamoDbFailure(store: string, count: number, error: unknown): Failure {
  const name = awsErrorName(error);
  if (name === 'ConditionalCheckFailedException') {
    const { Item } = error as Sdk.ConditionalCheckFailedException;
    return { kind: 'lost', current: [Item === undefined ? undefined : registerOf(Item)] };
  }
  if (name === 'TransactionCanceledException') {
    return canceled(store, count, error as Sdk.TransactionCanceledException);
  }
  if (name === 'ValidationException' && OTHER_KEY.test((error as Error).message)) {
    return { kind: 'refused', error: otherKey(store, error) };
  }
  return awsFailure(store, error);
}

function canceled(store: string, count: number, error: Sdk.TransactionCanceledException): Failure {
  const reasons = error.CancellationReasons ?? [];
  const codes = reasons.map(({ Code }) => Code ?? 'None');
  if (codes.includes('ConditionalCheckFailed')) {
    return { kind: 'lost', current: Array.from({ length: count }, (_, index) => itemOf(reasons[index])) };
  }
  if (reasons.some(({ Message = '' }) => OTHER_KEY.test(Message))) {
    return { kind: 'refused', error: otherKey(store, error) };
  }
  const isLasting = codes.some((code) => LASTING_REASONS.has(code));
  const isThrottled = codes.some((code) => THROTTLING_REASONS.has(code));
  const isTransient = !isLasting && (isThrottled || codes.includes(CONFLICT_REASON));
  const code = isTransient || isLasting ? 'CLORTHO_UNAVAILABLE' : 'CLORTHO_INVALID';
  const message = `transaction was cancelled: store=${store} reasons=${codes.join()}`;
  const kind = isThrottled ? 'throttled' : 'retryable';
  return {
    kind: isTransient ? kind : 'refused',
    error: new ClorthoError(code, message, { cause: error }),
  };
}

function otherKey(store: string, cause: unknown): ClorthoError {
  const facts = `store=${store} wanted=pk string, sk string`;
  return new ClorthoError('CLORTHO_INVALID', `the table has another key: ${facts}`, { cause });
}

function itemOf(reason: Sdk.CancellationReason | undefined): Register | undefined {
  return reason?.Item === undefined ? undefined : registerOf(reason.Item);
}
