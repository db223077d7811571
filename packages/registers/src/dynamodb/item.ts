/**
 * A register as a DynamoDB item.
 *
 *     pk       S   the namespace: one store's registers     sk      S   the register's key
 *     version  N   how often it was changed                 value   B   its bytes
 *
 * All registers of a store share one partition key, so that one consistent Query lists them in byte order of
 * their keys. A store has few registers (one per shard, session and lease), and DynamoDB splits a hot item
 * collection by sort key, down to one item; the bound that stays is 1,000 write units a second per register,
 * and a register takes one commit at a time anyway.
 */

import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { ClorthoError } from '@clortho/base';
import type { Register } from '../register-store.ts';

/** The key attributes of an item. */
export type ItemKey = Record<'pk' | 'sk', { S: string }>;

/** Returns the key of the item of a register. */
export function itemKey(partition: string, key: string): ItemKey {
  return { pk: { S: partition }, sk: { S: key } };
}

/**
 * Returns the register in an item; its value is a copy.
 *
 * @throws {ClorthoError} `CLORTHO_CORRUPT` if the item is none.
 */
export function registerOf(item: Record<string, AttributeValue>): Register {
  const key = item['sk']?.S;
  const version = Number(item['version']?.N);
  const value = item['value']?.B;
  if (key !== undefined && value !== undefined && Number.isSafeInteger(version) && version > 0) {
    return { key, version, value: new Uint8Array(value) };
  }
  throw new ClorthoError(
    'CLORTHO_CORRUPT',
    `the item is no register: sk=${key} attributes=${Object.keys(item).join()}`,
  );
}
