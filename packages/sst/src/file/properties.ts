/**
 * Properties: the summary of a file as a msgpack record, readable by anything that knows msgpack.
 *
 * Invariants:
 * - Unknown fields are ignored, known ones are checked for their type: a newer writer may add fields.
 * - Bytes are walked by {@link isPlainMsgpack} before they are decoded.
 */
import { Packr } from 'msgpackr';
import { COLLECTORS_MAX } from '../limits.ts';
import { corruptSection, type Section } from '../section.ts';
import type { SstSummary } from '../summary.ts';
import { isPlainMsgpack } from './plain-msgpack.ts';

/** The collectors of a file, in the order of their columns in the index. */
export interface CollectedStatistics {
  readonly name: string;
  readonly version: number;
  /** The statistics of the whole file; empty if there are none. */
  readonly bytes: Uint8Array;
}

/** What the properties hold: the summary but for what the footer knows, and the collectors. */
export interface Properties extends Omit<SstSummary, 'bytes' | 'tailBytes' | 'statistics'> {
  readonly collectors: readonly CollectedStatistics[];
}

const packr = new Packr({
  useRecords: false,
  moreTypes: false,
  variableMapSize: true,
  int64AsType: 'number',
});

/** Returns the msgpack bytes of the properties. */
export function encodeProperties(properties: Properties): Uint8Array {
  const { collectors, ...facts } = properties;
  return packr.pack({
    ...facts,
    collectors: collectors.map(({ name, version, bytes }) => [name, version, bytes]),
  });
}

/**
 * Decodes properties.
 *
 * @throws {ClorthoError} `CLORTHO_CORRUPT`.
 */
export function decodeProperties(section: Section): Properties {
  if (!isPlainMsgpack(section.bytes)) throw corruptSection(section, 'properties are not plain msgpack');
  const record = unpack(section.bytes);
  if (!isRecord(record)) throw corruptSection(section, 'properties are not a record');
  const integer = (name: string): number => {
    const value = record[name];
    if (!Number.isSafeInteger(value))
      throw corruptSection(section, `property is not an integer: name=${name}`);
    return value as number;
  };
  const count = (name: string): number => {
    const value = integer(name);
    if (value < 0) throw corruptSection(section, `property is negative: name=${name}`);
    return value;
  };
  const bytes = (name: string): Uint8Array => {
    const value = record[name];
    if (!(value instanceof Uint8Array)) throw corruptSection(section, `property is not bytes: name=${name}`);
    return Uint8Array.from(value);
  };
  return {
    rawBytes: count('rawBytes'),
    blocks: count('blocks'),
    rows: count('rows'),
    deletes: count('deletes'),
    merges: count('merges'),
    rangeDeletes: count('rangeDeletes'),
    minKey: bytes('minKey'),
    maxKey: bytes('maxKey'),
    minTimestamp: integer('minTimestamp'),
    maxTimestamp: integer('maxTimestamp'),
    minEndTimestamp: integer('minEndTimestamp'),
    maxEndTimestamp: integer('maxEndTimestamp'),
    collectors: decodeCollectors(section, record['collectors']),
  };
}

function decodeCollectors(section: Section, list: unknown): CollectedStatistics[] {
  if (!Array.isArray(list) || list.length > COLLECTORS_MAX)
    throw corruptSection(section, 'bad list of collectors');
  return list.map((entry: unknown) => {
    const [name, version, bytes] = Array.isArray(entry) ? (entry as unknown[]) : [];
    if (typeof name !== 'string' || typeof version !== 'number' || !(bytes instanceof Uint8Array)) {
      throw corruptSection(section, 'bad collector');
    }
    return { name, version, bytes: Uint8Array.from(bytes) };
  });
}

/** Returns the value, or `undefined` where the library refuses what is well-formed (a map as a key of a map). */
function unpack(bytes: Uint8Array): unknown {
  try {
    return packr.unpack(bytes);
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
