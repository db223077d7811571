/** The state of a server: its tables and the transactions that it remembers. */
import type { Clock } from '@clortho/base';
import { type JsonObject, requiredString } from './request.ts';
import { ServiceError } from './service-error.ts';
import type { Table } from './table.ts';

/** A table with what DescribeTable says about it. */
export interface TableRecord {
  readonly name: string;
  readonly table: Table;
  readonly createdMs: number;
  readonly billingMode: string;
}

/** A transaction that was applied, by its request token. */
export interface AppliedTransaction {
  readonly fingerprint: string;
  readonly expiresMs: number;
}

/** Everything that a server knows. */
export interface Database {
  readonly clock: Clock;
  readonly region: string;
  readonly tables: Map<string, TableRecord>;
  readonly applied: Map<string, AppliedTransaction>;
}

/** Performs one operation in one turn of the event loop, so operations are serial. */
export type Operation = (database: Database, input: JsonObject) => JsonObject;

/**
 * Returns the table that a request names.
 *
 * @throws {ServiceError} `ResourceNotFoundException`.
 */
export function tableOf(database: Database, input: JsonObject): TableRecord {
  return tableNamed(database, requiredString(input, 'TableName'));
}

/**
 * Returns the table of that name.
 *
 * @throws {ServiceError} `ResourceNotFoundException`.
 */
export function tableNamed(database: Database, name: string): TableRecord {
  const record = database.tables.get(name);
  if (record !== undefined) return record;
  throw new ServiceError(
    'ResourceNotFoundException',
    `Requested resource not found: Table: ${name} not found`,
  );
}
