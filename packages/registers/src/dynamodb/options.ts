/** Where registers are in DynamoDB. */
import { ClorthoError, encodeUtf8 } from '@clortho/base';
import type { CloudOptions } from '../cloud-options.ts';

/** Options of `dynamoDbRegisterStore` and `createTable`. */
export interface DynamoDbRegisterOptions extends CloudOptions {
  /** The name of the table; see `createTable` for its schema. */
  readonly table: string;
  /** The namespace of the registers, which is their partition key; `clortho` by default. */
  readonly prefix?: string | undefined;
}

/** A namespace is repeated in every item of a transaction, which has room for so much. */
const PREFIX_BYTES_MAX = 1024;
const PREFIX_DEFAULT = 'clortho';

/**
 * Returns the partition key of the registers.
 *
 * @throws {ClorthoError} `CLORTHO_INVALID` if it is empty or longer than 1,024 bytes.
 */
export function partitionKey({ prefix = PREFIX_DEFAULT }: DynamoDbRegisterOptions): string {
  const bytes = encodeUtf8(prefix).length;
  if (bytes >= 1 && bytes <= PREFIX_BYTES_MAX) return prefix;
  throw new ClorthoError('CLORTHO_INVALID', `a prefix has 1 to ${PREFIX_BYTES_MAX} bytes: bytes=${bytes}`);
}
