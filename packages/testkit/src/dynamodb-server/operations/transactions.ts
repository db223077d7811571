/**
 * TransactWriteItems and TransactGetItems.
 *
 * Invariants:
 * - All writes are evaluated before the first is applied, in one turn of the event loop.
 * - A request token that was applied within ten minutes is answered without applying it again.
 */
import { itemBytes } from '../attribute-value.ts';
import { consumedByTable, readUnits, writeUnits } from '../capacity.ts';
import { type Database, type Operation, tableOf } from '../database.ts';
import {
  attributesOf,
  isJsonObject,
  type JsonObject,
  optionalString,
  requiredItem,
  requiredObjects,
} from '../request.ts';
import { ServiceError, validationError } from '../service-error.ts';
import { positionOfKey } from '../table.ts';
import { applyWrite, evaluateWrite, type Outcome, parseWrite, type Write, type WriteKind } from '../write.ts';
import { projection } from './items.ts';

/** The most actions in one transaction. */
const TRANSACTION_ACTIONS_MAX = 100;
/** The most bytes of items in one transaction. */
const TRANSACTION_BYTES_MAX = 4 * 1024 * 1024;
/** How long a request token is remembered. */
const TOKEN_MS = 10 * 60 * 1000;
const TOKEN_LENGTH_MAX = 36;
/** Transactions cost twice as much, for preparing and committing. */
const UNITS_FACTOR = 2;

const KINDS: readonly WriteKind[] = ['Put', 'Update', 'Delete', 'ConditionCheck'];

/** TransactWriteItems. */
export const transactWriteItems: Operation = (database, input) => {
  const actions = requiredObjects(input, 'TransactItems', TRANSACTION_ACTIONS_MAX);
  const token = optionalString(input, 'ClientRequestToken');
  const fingerprint = JSON.stringify(actions);
  if (token !== undefined && wasApplied(database, token, fingerprint)) return {};
  const writes = actions.map((action) => parseAction(database, action));
  checkDistinct(writes);
  const outcomes = evaluateAll(writes);
  const bytes = outcomes.reduce(
    (sum, { before, after }) => sum + itemBytes(attributesOf(after ?? before)),
    0,
  );
  if (bytes > TRANSACTION_BYTES_MAX) {
    throw validationError('Collection size in the transaction has exceeded the maximum allowed size of 4MB');
  }
  for (const outcome of outcomes) applyWrite(outcome);
  if (token !== undefined) {
    database.applied.set(token, { fingerprint, expiresMs: database.clock.monotonic() + TOKEN_MS });
  }
  const units = new Map<string, number>();
  for (const { write, before, after } of outcomes) {
    add(units, write.record.name, UNITS_FACTOR * writeUnits(before, after));
  }
  return consumedByTable(input, units);
};

/** TransactGetItems. */
export const transactGetItems: Operation = (database, input) => {
  const units = new Map<string, number>();
  let bytes = 0;
  const responses = requiredObjects(input, 'TransactItems', TRANSACTION_ACTIONS_MAX).map((action) => {
    const get = action['Get'];
    if (!isJsonObject(get)) throw validationError('TransactGetItems takes Get actions only');
    const { name, table } = tableOf(database, get);
    const narrow = projection(get);
    const item = table.get(positionOfKey(table.schema, requiredItem(get, 'Key')));
    const length = itemBytes(attributesOf(item));
    bytes += length;
    add(units, name, UNITS_FACTOR * readUnits(length, true));
    return item === undefined ? {} : { Item: narrow(item) };
  });
  if (bytes > TRANSACTION_BYTES_MAX) {
    throw validationError('Collection size in the transaction has exceeded the maximum allowed size of 4MB');
  }
  return { Responses: responses, ...consumedByTable(input, units) };
};

/** Returns the error for a cancelled transaction; `reasons` has one entry per action, in order. */
export function transactionCanceled(reasons: readonly JsonObject[]): ServiceError {
  const codes = reasons.map(({ Code }) => String(Code)).join(', ');
  return new ServiceError(
    'TransactionCanceledException',
    `Transaction cancelled, please refer cancellation reasons for specific reasons [${codes}]`,
    { CancellationReasons: reasons },
  );
}

function wasApplied(database: Database, token: string, fingerprint: string): boolean {
  if (token.length < 1 || token.length > TOKEN_LENGTH_MAX) {
    throw validationError(
      `Value at 'clientRequestToken' failed to satisfy constraint: 1 to ${TOKEN_LENGTH_MAX} long`,
    );
  }
  const applied = database.applied.get(token);
  if (applied === undefined) return false;
  if (applied.expiresMs <= database.clock.monotonic()) {
    database.applied.delete(token);
    return false;
  }
  if (applied.fingerprint === fingerprint) return true;
  throw new ServiceError(
    'IdempotentParameterMismatchException',
    'The request uses the same client token as a previous, but non-identical request',
  );
}

function parseAction(database: Database, action: JsonObject): Write {
  const kinds = KINDS.filter((kind) => isJsonObject(action[kind]));
  const [kind] = kinds;
  if (kind === undefined || kinds.length > 1) {
    throw validationError('TransactItems can only contain one of Check, Put, Update or Delete');
  }
  return parseWrite(database, kind, action[kind] as JsonObject);
}

function checkDistinct(writes: readonly Write[]): void {
  const seen = new Set<string>();
  for (const { record, position } of writes) {
    const place = JSON.stringify([record.name, position.partition, position.sort]);
    if (seen.has(place)) {
      throw validationError('Transaction request cannot include multiple operations on one item');
    }
    seen.add(place);
  }
}

function evaluateAll(writes: readonly Write[]): Outcome[] {
  const outcomes: Outcome[] = [];
  const reasons: JsonObject[] = [];
  for (const write of writes) {
    try {
      outcomes.push(evaluateWrite(write));
      reasons.push({ Code: 'None' });
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      const failed = error.code === 'ConditionalCheckFailedException';
      reasons.push({
        Code: failed ? 'ConditionalCheckFailed' : 'ValidationError',
        Message: error.message,
        ...error.fields,
      });
    }
  }
  if (outcomes.length < writes.length) throw transactionCanceled(reasons);
  return outcomes;
}

function add(units: Map<string, number>, name: string, count: number): void {
  units.set(name, (units.get(name) ?? 0) + count);
}
