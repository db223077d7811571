/**
 * A table: items in partitions, each partition sorted by sort key.
 *
 * Invariants:
 * - Keys are compared in their order form (see `orderKey`): bytes unsigned, numbers by value.
 * - Stored items have both key attributes, of the right type and size, and at most 400 KB.
 */
import { type AttributeValue, type Item, itemBytes, orderKey, typeOf } from './attribute-value.ts';
import { type ServiceError, validationError } from './service-error.ts';

/** The largest item: names and values. */
const ITEM_BYTES_MAX = 400 * 1024;
const PARTITION_KEY_BYTES_MAX = 2048;
const SORT_KEY_BYTES_MAX = 1024;

/** An attribute of the primary key. */
export interface KeyAttribute {
  readonly name: string;
  readonly type: 'S' | 'N' | 'B';
}

/** The primary key of a table. */
export interface KeySchema {
  readonly partition: KeyAttribute;
  readonly sort: KeyAttribute | undefined;
}

/** A primary key in its order form; `sort` is empty without a sort key. */
export interface Position {
  readonly partition: string;
  readonly sort: string;
}

/** An item at its place. */
export interface Entry {
  readonly position: Position;
  readonly item: Item;
}

/** The items of one table. */
export interface Table {
  readonly schema: KeySchema;
  /** Returns the item there, or `undefined`. */
  get(position: Position): Item | undefined;
  /** Stores an item in the place of its key. */
  put(position: Position, item: Item): void;
  /** Removes what is there. */
  delete(position: Position): void;
  /** Returns the entries of one partition in the order of their sort keys. */
  partition(partition: string): readonly Entry[];
  /** Returns all entries, partition after partition. */
  entries(): Entry[];
  readonly itemCount: number;
}

/** Returns an empty table. */
export function createTable(schema: KeySchema): Table {
  const partitions = new Map<string, Entry[]>();
  let itemCount = 0;
  const find = ({ partition, sort }: Position): { entries: Entry[]; index: number; found: boolean } => {
    const entries = partitions.get(partition) ?? [];
    const index = lowerBound(entries, sort);
    return { entries, index, found: entries[index]?.position.sort === sort };
  };
  return {
    schema,
    get itemCount() {
      return itemCount;
    },
    get(position) {
      const { entries, index, found } = find(position);
      return found ? entries[index]?.item : undefined;
    },
    put(position, item) {
      const { entries, index, found } = find(position);
      entries.splice(index, found ? 1 : 0, { position, item });
      partitions.set(position.partition, entries);
      if (!found) itemCount += 1;
    },
    delete(position) {
      const { entries, index, found } = find(position);
      if (!found) return;
      entries.splice(index, 1);
      itemCount -= 1;
      if (entries.length === 0) partitions.delete(position.partition);
    },
    partition: (partition) => partitions.get(partition) ?? [],
    entries: () => [...partitions.values()].flat(),
  };
}

/** Returns the index of the first entry at or above `sort`. */
function lowerBound(entries: readonly Entry[], sort: string): number {
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((entries[middle] as Entry).position.sort < sort) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * Returns the place of a key that is given alone.
 *
 * @throws {ServiceError} `ValidationException` unless it has exactly the key attributes.
 */
export function positionOfKey(schema: KeySchema, key: Item): Position {
  if (Object.keys(key).length !== keyNames(schema).length) {
    throw validationError('The provided key element does not match the schema');
  }
  return position(schema, key, () => validationError('The provided key element does not match the schema'));
}

/**
 * Returns the place of a whole item.
 *
 * @throws {ServiceError} `ValidationException` if a key attribute is missing or the item is too large.
 */
export function positionOfItem(schema: KeySchema, item: Item): Position {
  checkItemSize(item, 'Item size has exceeded the maximum allowed size');
  return position(schema, item, ({ name, type }, value) =>
    value === undefined
      ? validationError(`One or more parameter values were invalid: Missing the key ${name} in the item`)
      : validationError(
          `One or more parameter values were invalid: Type mismatch for key ${name} expected: ${type} actual: ${typeOf(value)}`,
        ),
  );
}

/**
 * Checks the size of an item.
 *
 * @throws {ServiceError} `ValidationException` with `message`.
 */
export function checkItemSize(item: Item, message: string): void {
  if (itemBytes(item) > ITEM_BYTES_MAX) throw validationError(message);
}

/** Returns the key attributes of an item. */
export function keyOf(schema: KeySchema, item: Item): Item {
  return Object.fromEntries(keyNames(schema).map((name) => [name, item[name] as AttributeValue]));
}

/** Returns the names of the key attributes, partition key first. */
export function keyNames({ partition, sort }: KeySchema): string[] {
  return sort === undefined ? [partition.name] : [partition.name, sort.name];
}

function position(
  { partition, sort }: KeySchema,
  item: Item,
  mismatch: (attribute: KeyAttribute, value: AttributeValue | undefined) => ServiceError,
): Position {
  const place = (attribute: KeyAttribute, bytesMax: number, tooLong: string): string => {
    const value = item[attribute.name];
    if (value === undefined || typeOf(value) !== attribute.type) throw mismatch(attribute, value);
    const key = orderKey(value) as string;
    if (key.length === 0) {
      throw validationError(
        `One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: ${attribute.name}`,
      );
    }
    if (key.length > bytesMax) throw validationError(`One or more parameter values were invalid: ${tooLong}`);
    return key;
  };
  return {
    partition: place(
      partition,
      PARTITION_KEY_BYTES_MAX,
      'Size of hashkey has exceeded the maximum size limit of2048 bytes',
    ),
    sort:
      sort === undefined
        ? ''
        : place(
            sort,
            SORT_KEY_BYTES_MAX,
            'Aggregated size of all range keys has exceeded the size limit of 1024 bytes',
          ),
  };
}
