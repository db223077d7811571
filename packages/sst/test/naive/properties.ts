/** The properties: one msgpack map of plain types (R27). */
import { unpack } from 'msgpackr';
import { KEY_MAX, RANGE_BOUND_MAX } from './columns.ts';
import type { Reading } from './reading.ts';
import { BrokenRule, demand } from './rule.ts';

export interface NaiveProperties {
  readonly rawBytes: number;
  readonly blocks: number;
  readonly rows: number;
  readonly deletes: number;
  readonly merges: number;
  readonly rangeDeletes: number;
  readonly minKey: Uint8Array;
  readonly maxKey: Uint8Array;
  readonly minTimestamp: number;
  readonly maxTimestamp: number;
  readonly minEndTimestamp: number;
  readonly maxEndTimestamp: number;
  readonly collectors: readonly NaiveCollector[];
}

/** A collector and its statistics of the whole file. */
export interface NaiveCollector {
  readonly name: string;
  readonly version: number;
  readonly bytes: Uint8Array;
}

const LEVELS_MAX = 8;
const VALUES_MAX = 65_536;

export function readProperties(reading: Reading): NaiveProperties {
  const map = unpackMap(reading.take(reading.left));
  const integer = (name: string, least: number): number => {
    const value = map[name];
    const number = typeof value === 'bigint' ? Number(value) : value;
    const fits = typeof number === 'number' && Number.isSafeInteger(number) && number >= least;
    demand(fits, 'R27', `${name} is ${String(value)}`);
    return number as number;
  };
  const count = (name: string): number => integer(name, 0);
  const time = (name: string): number => integer(name, Number.MIN_SAFE_INTEGER);
  return {
    rawBytes: count('rawBytes'),
    blocks: count('blocks'),
    rows: count('rows'),
    deletes: count('deletes'),
    merges: count('merges'),
    rangeDeletes: count('rangeDeletes'),
    minKey: bytesOf(map.minKey, 'minKey', KEY_MAX),
    maxKey: bytesOf(map.maxKey, 'maxKey', RANGE_BOUND_MAX),
    minTimestamp: time('minTimestamp'),
    maxTimestamp: time('maxTimestamp'),
    minEndTimestamp: time('minEndTimestamp'),
    maxEndTimestamp: time('maxEndTimestamp'),
    collectors: collectorsOf(map.collectors),
  };
}

function unpackMap(bytes: Uint8Array): Record<string, unknown> {
  let map: unknown;
  try {
    map = unpack(bytes);
  } catch (cause) {
    throw new BrokenRule('R27', `properties are no msgpack: ${String(cause)}`);
  }
  demandPlain(map, 1);
  demand(countValues(map) <= VALUES_MAX, 'R27', `more than ${VALUES_MAX} values`);
  demand(isPlainMap(map), 'R27', 'properties are no map');
  return map as Record<string, unknown>;
}

function demandPlain(value: unknown, level: number): void {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) {
    demand(value !== undefined && typeof value !== 'function', 'R27', 'an extension');
    return;
  }
  demand(level <= LEVELS_MAX, 'R27', `more than ${LEVELS_MAX} levels`);
  demand(Array.isArray(value) || isPlainMap(value), 'R27', 'an extension');
  for (const inner of Object.values(value)) demandPlain(inner, level + 1);
}

/** Counts a value and what is in it; a key of a map counts as a value. */
function countValues(value: unknown): number {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return 1;
  let count = Array.isArray(value) ? 1 : 1 + Object.keys(value).length;
  for (const inner of Object.values(value)) count += countValues(inner);
  return count;
}

function isPlainMap(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

function bytesOf(value: unknown, name: string, bytesMax: number): Uint8Array {
  if (!(value instanceof Uint8Array)) throw new BrokenRule('R27', `${name} is no byte string`);
  demand(value.length <= bytesMax, 'R3', `${name} of ${value.length} bytes`);
  return value;
}

function collectorsOf(value: unknown): NaiveCollector[] {
  if (!Array.isArray(value)) throw new BrokenRule('R27', 'collectors is no array');
  demand(value.length <= 64, 'R3', `${value.length} collectors`);
  return value.map((collector: unknown) => {
    const [name, version, bytes] = Array.isArray(collector) ? (collector as unknown[]) : [];
    if (typeof name !== 'string' || typeof version !== 'number') throw new BrokenRule('R27', 'a collector');
    return { name, version, bytes: bytesOf(bytes, name, Number.POSITIVE_INFINITY) };
  });
}
