/**
 * A whole file as parts: taken apart, made consistent again after an edit, and sealed.
 *
 *     bytes --takeApart--> FileParts --edit--> FileParts --settle--> SettledFile --edit--> SettledFile --seal--> bytes
 *                          rows, sections      index, table and sizes follow    claims that lie      checks follow
 *
 * Invariants:
 * - Taking a file of a writer apart, settling and sealing it gives the same bytes.
 */
import { codecById } from '../../src/codec/registry.ts';
import { type Entry, entryFields, readEntries, readTable, tableFields } from './entries.ts';
import type { Field } from './field.ts';
import { type Part, packPart, type Role } from './part.ts';
import { rangeFields, readRanges } from './ranges.ts';
import { readBlock } from './rows.ts';

/** The bytes around a payload: codec and check. */
export const ENVELOPE_BYTES = 5;
/** The size of a footer. */
export const FOOTER_BYTES = 64;
/** The feature bit of a partitioned index. */
export const INDEX_PARTITIONED = 2;

/** A data block and what the index says of it; sizes follow from the block. */
export interface DataBlock {
  readonly part: Part;
  readonly entry: Entry;
}

/** A file whose index is still to be made. */
export interface FileParts {
  readonly salt: number;
  readonly required: number;
  /** The bits of the codecs used, beyond those that the parts name. */
  readonly codecs: number;
  readonly blocks: readonly DataBlock[];
  /** How many blocks each partition of the index has; empty without partitions. */
  readonly partitions: readonly number[];
  /** How many collectors the index has columns for. */
  readonly collectors: number;
  readonly indexCodec: number;
  readonly filter: Part | undefined;
  readonly rangeDeletes: Part | undefined;
  readonly properties: Part;
}

/** A file whose parts agree; in the order in which they lie. */
export interface SettledFile {
  readonly salt: number;
  readonly required: number;
  readonly codecs: number;
  readonly parts: readonly Part[];
}

/** Takes a file apart that a writer made. */
export function takeApart(bytes: Uint8Array): FileParts {
  const view = new DataView(bytes.buffer, bytes.byteOffset + bytes.length - FOOTER_BYTES, FOOTER_BYTES);
  const u32 = (at: number): number => view.getUint32(at, true);
  const required = u32(44);
  let at = u32(32);
  const dataBytes = at;
  const storedBytes = [u32(0), u32(8), u32(16), u32(24)] as const;
  const stored = (start: number, length: number, rawBytes: number): StoredPart => {
    const payload = bytes.slice(start, start + length - ENVELOPE_BYTES);
    const codec = bytes[start + length - ENVELOPE_BYTES] as number;
    const raw = codecById(codec)?.decompress(payload, rawBytes) ?? payload;
    return { raw, codec, payload };
  };
  const partitionBytes =
    bytes.length - FOOTER_BYTES - dataBytes - storedBytes.reduce((sum, length) => sum + length, 0);
  at += partitionBytes;
  const sections = storedBytes.map((length, section) => {
    const part = length === 0 ? undefined : stored(at, length, u32(section * 8 + 4));
    at += length;
    return part;
  });
  const [index, filter, ranges, properties] = sections;
  if (index === undefined || properties === undefined) throw new RangeError('not a file of a writer');
  const isPartitioned = (required & INDEX_PARTITIONED) !== 0;
  const leaves: StoredPart[] = isPartitioned ? [] : [index];
  if (isPartitioned) {
    let offset = dataBytes;
    for (const { facts } of readTable(index.raw)) {
      leaves.push(stored(offset, facts[1] as number, facts[2] as number));
      offset += facts[1] as number;
    }
  }
  const read = leaves.map(({ raw }) => readEntries(raw));
  let offset = 0;
  const blocks = read
    .flatMap(({ entries }) => entries)
    .map((entry): DataBlock => {
      const [, length = 0, rawBytes = 0] = entry.facts;
      const { raw, codec, payload } = stored(offset, length, rawBytes);
      offset += length;
      return { part: { role: 'block', codec, fields: readBlock(raw).fields, payload }, entry };
    });
  const whole = (role: Role, { raw, codec, payload }: StoredPart): Part => ({
    role,
    codec,
    fields: [{ kind: 'bytes', name: role, bytes: raw }],
    payload,
  });
  return {
    salt: u32(40),
    required,
    codecs: 0,
    blocks,
    partitions: isPartitioned ? read.map(({ entries }) => entries.length) : [],
    collectors: read[0]?.collectors ?? 0,
    indexCodec: Math.max(index.codec, properties.codec, ...leaves.map(({ codec }) => codec)),
    filter: filter && whole('filter', filter),
    rangeDeletes: ranges && {
      ...whole('range deletes', ranges),
      fields: rangeFields(readRanges(ranges.raw)),
    },
    properties: whole('properties', properties),
  };
}

/** What {@link settle} asks before it goes on: the part to put in the place of one of the index, which what follows fits. */
export type EditIndexPart = (part: Part, number: number) => Part;

/** Makes the index of a file and puts its parts in order. */
export function settle(file: FileParts, edit: EditIndexPart = (part) => part): SettledFile {
  const { blocks, collectors, indexCodec } = file;
  const entries = blocks.map(({ part, entry }): Entry => {
    const { payload, rawBytes } = packPart(part);
    const facts = entry.facts.slice();
    facts[1] = payload.length + ENVELOPE_BYTES;
    facts[2] = rawBytes;
    return { ...entry, facts };
  });
  const partitions: Part[] = [];
  let fields: Field[];
  if (file.partitions.length === 0) {
    fields = entryFields(entries, collectors);
  } else {
    let first = 0;
    const table = file.partitions.map((count, number) => {
      const own = entries.slice(first, number + 1 === file.partitions.length ? undefined : first + count);
      first += count;
      const part = edit(compressed('partition', indexCodec, entryFields(own, collectors)), number);
      partitions.push(part);
      const { payload, rawBytes } = packPart(part);
      const bytes = own.reduce((sum, { facts }) => sum + (facts[1] as number), 0);
      const firstTimestamp = own[0]?.facts[0] ?? 0;
      return {
        firstKey: own[0]?.firstKey ?? new Uint8Array(0),
        facts: [firstTimestamp, payload.length + ENVELOPE_BYTES, rawBytes, own.length, bytes],
      };
    });
    fields = tableFields(table);
  }
  const index = edit(compressed('index', indexCodec, fields), partitions.length);
  const sections = [index, file.filter, file.rangeDeletes, file.properties];
  return {
    salt: file.salt,
    required: file.required,
    codecs: file.codecs,
    parts: [
      ...blocks.map(({ part }) => part),
      ...partitions,
      ...sections.filter((part) => part !== undefined),
    ],
  };
}

interface StoredPart {
  readonly raw: Uint8Array;
  readonly codec: number;
  readonly payload: Uint8Array;
}

/** Returns a part with the codec, or without one where that does not save an eighth. */
function compressed(role: Role, codec: number, fields: readonly Field[]): Part {
  const part: Part = { role, codec, fields };
  const { payload, rawBytes } = packPart(part);
  return payload.length <= rawBytes - (rawBytes >>> 3) && payload.length < rawBytes
    ? part
    : { role, codec: 0, fields };
}
