/**
 * Hostile edits: files that no writer makes, with every check right, so that each decoder sees them.
 *
 * Whatever an edit does not touch follows it (sizes, offsets, counts, footer), or is left to lie, as the edit says.
 */
import { concatBytes } from '@clortho/base';
import { codecNames } from '../../src/codec/registry.ts';
import { writeUint32 } from '../../src/column/integers.ts';
import type { BaseFile } from '../corpus/base-file.ts';
import type { Draw } from '../draw.ts';
import { stringFields } from '../layout/columns.ts';
import { ENTRY_COLUMNS, TABLE_COLUMNS } from '../layout/entries.ts';
import { encodeFields, type Field, type IntegersField } from '../layout/field.ts';
import {
  type DataBlock,
  type FileParts,
  FOOTER_BYTES,
  INDEX_PARTITIONED,
  type SettledFile,
  settle,
} from '../layout/file-parts.ts';
import { type Part, packPart, withFields } from '../layout/part.ts';
import { seal, sealBlock, sealFooter } from '../layout/seal.ts';
import { edgeNear, editBytes, editField } from './edit-field.ts';
import { editBloomJson, editProperties } from './edit-record.ts';
import { editRows } from './edit-rows.ts';

/** One kind of hostile file, made of a base; `other` is another base. */
export type HostileEdit = (draw: Draw, file: BaseFile, other: BaseFile) => Uint8Array;

const LIBRARY_FAMILY = 2;
const FUSE_FAMILY = 3;

/** All kinds, by name. */
export const hostileEdits: Readonly<Record<string, HostileEdit>> = {
  'rows edited': (draw, { parts }) =>
    sealed(withBlock(draw, parts, (block) => editRows(draw, block, draw.pick(parts.blocks)))),

  'columns of rows edited': (draw, { parts }) =>
    sealed(withBlock(draw, parts, ({ part, entry }) => ({ part: editPart(draw, part), entry }))),

  'entries edited': (draw, { parts }) =>
    sealed(
      withBlock(draw, parts, ({ part, entry }) => {
        const column = draw.below(ENTRY_COLUMNS.length);
        const facts = entry.facts.map((fact, index) => (index === column ? edgeNear(draw, fact) : fact));
        return {
          part,
          entry: {
            ...entry,
            facts,
            firstKey: draw.oneIn(3) ? editBytes(draw, entry.firstKey) : entry.firstKey,
          },
        };
      }),
    ),

  'columns of an index edited': (draw, { parts }) => {
    const number = draw.below(parts.partitions.length + 1);
    return seal(settle(parts, (part, at) => (at === number ? editPart(draw, part) : part))).bytes;
  },

  'collectors of an index edited': (draw, { parts }) => {
    const number = draw.below(parts.partitions.length + 1);
    return seal(settle(parts, (part, at) => (at === number ? withCollector(draw, part) : part))).bytes;
  },

  'sizes and counts edited': (draw, { parts }) => {
    const number = draw.below(parts.partitions.length + 1);
    const names: readonly string[] = [...ENTRY_COLUMNS.slice(1, 4), ...TABLE_COLUMNS.slice(1)];
    return seal(settle(parts, (part, at) => (at === number ? editNamed(draw, part, names) : part))).bytes;
  },

  'statistics edited': (draw, { parts }) =>
    sealed(
      withBlock(draw, parts, ({ part, entry }) => {
        const statistics = entry.statistics.map((bytes) => editStatistic(draw, bytes));
        return { part, entry: { ...entry, statistics } };
      }),
    ),

  'range deletes edited': (draw, { parts }, other) => {
    const rangeDeletes = parts.rangeDeletes ?? other.parts.rangeDeletes;
    return sealed({ ...parts, rangeDeletes: rangeDeletes && editPart(draw, rangeDeletes) });
  },

  'filter edited': (draw, { parts }, other) => {
    const filter = parts.filter ?? other.parts.filter;
    return sealed({ ...parts, filter: filter && withBytes(filter, editFilter(draw, bytesOf(filter))) });
  },

  'properties edited': (draw, { parts }) => {
    const { properties } = parts;
    return sealed({ ...parts, properties: withBytes(properties, editProperties(draw, bytesOf(properties))) });
  },

  'parts moved': (draw, { parts }, other) => sealed(moveParts(draw, parts, other.parts)),

  'features edited': (draw, { parts }) => {
    const codec = draw.below(codecNames.length);
    const edited: FileParts = {
      ...parts,
      required: parts.required ^ draw.pick([1, 1, INDEX_PARTITIONED, 3, 4, 0x8000_0000]),
      codecs: draw.oneIn(4) ? draw.below(0x1_0000) : 0,
      partitions: draw.oneIn(3) ? [parts.blocks.length] : parts.partitions,
      indexCodec: draw.oneIn(3) ? codec : parts.indexCodec,
      collectors: draw.oneIn(3) ? draw.pick([0, 1, 2, 64, 65]) : parts.collectors,
    };
    return sealed(
      withBlock(draw, edited, ({ part, entry }) => ({ part: recoded(draw, part, codec), entry })),
    );
  },

  'raw bytes edited': (draw, { parts }) => {
    const file = settle(parts);
    return seal(withPart(draw, file, (part) => withBytes(part, editBytes(draw, encodeFields(part.fields)))))
      .bytes;
  },

  'raw bytes edited, sizes right': (draw, { parts }) =>
    sealed(
      withBlock(draw, parts, ({ part, entry }) => ({
        part: withBytes(part, editBytes(draw, encodeFields(part.fields))),
        entry,
      })),
    ),

  'payload edited': (draw, { parts }) => {
    const file = settle(parts);
    return seal(
      withPart(draw, file, (part) => ({ ...part, payload: editBytes(draw, packPart(part).payload) })),
    ).bytes;
  },

  'payload overwritten': (draw, { parts, places, bytes }) => {
    const edited = bytes.slice();
    for (let times = draw.between(1, 2); times > 0; times -= 1) {
      const { start, end } = draw.pick(places);
      for (let bit = draw.between(1, 3); bit > 0; bit -= 1) {
        edited[draw.between(start, end - 5)] = draw.uint32();
      }
      sealBlock(edited.subarray(start, end), parts.salt, start);
    }
    return edited;
  },

  'footer edited': (draw, { bytes }) => {
    const edited = bytes.slice();
    const footer = edited.subarray(-FOOTER_BYTES);
    const view = new DataView(footer.buffer, footer.byteOffset, FOOTER_BYTES);
    for (let times = draw.between(1, 2); times > 0; times -= 1) {
      const at = draw.below(14) * 4;
      view.setUint32(at, edgeNear(draw, view.getUint32(at, true)), true);
      // Sizes that keep their sum get further than others.
      if (at < 32 && draw.oneIn(2))
        view.setUint32((at + 8) % 32, view.getUint32((at + 8) % 32, true) + 1, true);
    }
    sealFooter(footer);
    return edited;
  },
};

function sealed(file: FileParts): Uint8Array {
  return seal(settle(file)).bytes;
}

/** Returns the file with one of its blocks edited; an empty file as it is. */
export function withBlock(draw: Draw, file: FileParts, edit: (block: DataBlock) => DataBlock): FileParts {
  const number = draw.below(file.blocks.length);
  return { ...file, blocks: file.blocks.map((block, at) => (at === number ? edit(block) : block)) };
}

function withPart(draw: Draw, file: SettledFile, edit: (part: Part) => Part): SettledFile {
  const number = draw.below(file.parts.length);
  return { ...file, parts: file.parts.map((part, at) => (at === number ? edit(part) : part)) };
}

function withBytes(part: Part, bytes: Uint8Array): Part {
  return withFields(part, [{ kind: 'bytes', name: part.role, bytes }]);
}

function bytesOf(part: Part): Uint8Array {
  return encodeFields(part.fields);
}

/** Returns the part with one to three fields edited, two neighbours exchanged, or one lost. */
function editPart(draw: Draw, part: Part): Part {
  const fields = part.fields.slice();
  for (let times = draw.between(1, 3); times > 0 && fields.length > 0; times -= 1) {
    const at = draw.below(fields.length);
    const field = fields[at] as Field;
    const way = draw.below(24);
    if (way === 0) fields.splice(at, 1);
    else if (way === 1) fields.splice(at, 0, draw.pick(fields));
    else fields[at] = editField(draw, field);
  }
  return withFields(part, fields);
}

/** Returns the part with numbers changed in one of the columns of these names; their sum stays, now and then. */
function editNamed(draw: Draw, part: Part, names: readonly string[]): Part {
  const columns = part.fields.filter(
    (field): field is IntegersField =>
      field.kind === 'integers' && names.includes(field.name) && field.values.length > 0,
  );
  if (columns.length === 0) return editPart(draw, part);
  const column = draw.pick(columns);
  const values = column.values.slice();
  const at = draw.below(values.length);
  const before = values[at] as number;
  const after = edgeNear(draw, before);
  values[at] = after;
  const other = draw.below(values.length);
  if (draw.oneIn(2) && other !== at) values[other] = (values[other] as number) + before - after;
  return withFields(
    part,
    part.fields.map((field) => (field === column ? { ...column, values } : field)),
  );
}

/** Returns an index, or a partition, with the columns of one more collector; a table as it is. */
function withCollector(draw: Draw, part: Part): Part {
  const blocks = part.fields[0];
  if (part.fields.every(({ name }) => name !== 'collectors') || blocks?.kind !== 'varint') return part;
  const more = draw.pick([1, 1, 2, 63]);
  const fields = part.fields.map((field) =>
    field.kind === 'varint' && field.name === 'collectors' ? { ...field, value: field.value + more } : field,
  );
  const statistics = Array.from({ length: blocks.value }, () => draw.bytes(draw.below(3)));
  const columns = Array.from({ length: more }, () => stringFields('statistics', statistics)).flat();
  return withFields(part, [...fields, ...columns]);
}

function editStatistic(draw: Draw, bytes: Uint8Array): Uint8Array {
  if (draw.oneIn(3)) return bytes;
  if (bytes[0] === 0x7b && draw.oneIn(2)) return editBloomJson(draw, bytes);
  return draw.oneIn(6) ? draw.bytes(draw.pick([0, 1, 15, 16, 17, 300])) : editBytes(draw, bytes);
}

function editFilter(draw: Draw, bytes: Uint8Array): Uint8Array {
  const family = bytes[0] as number;
  if (draw.oneIn(6)) return concatBytes([Uint8Array.of(draw.pick([0, 1, 2, 3, 4, 255])), bytes.subarray(1)]);
  const body = bytes.subarray(1);
  if (family === LIBRARY_FAMILY) return concatBytes([bytes.subarray(0, 1), editBloomJson(draw, body)]);
  if (family === FUSE_FAMILY && draw.oneIn(2)) return editFuse(draw, bytes);
  if (draw.oneIn(3)) return bytes.slice(0, 1 + 32 * draw.below(3));
  return draw.oneIn(3)
    ? editBytes(draw, bytes)
    : concatBytes([bytes.subarray(0, 1), draw.bytes(body.length)]);
}

/** Returns a binary fuse filter of another shape, with as many slots as that takes or as it had. */
function editFuse(draw: Draw, bytes: Uint8Array): Uint8Array {
  const segmentBits = draw.pick([0, 2, 3, 3, 4, 8, 16, 17, 31, 255]);
  const segments = draw.pick([0, 1, 2, 3, 3, 4, 2 ** 21, 2 ** 21 + 1, 2 ** 32 - 1]);
  const slots = draw.oneIn(2) ? bytes.length - 10 : segments * 2 ** segmentBits;
  const edited = new Uint8Array(10 + Math.min(slots, 5000));
  edited.set(bytes.subarray(0, 5));
  edited[5] = segmentBits;
  writeUint32(edited, 6, segments);
  return edited;
}

/** Returns the file with blocks or sections lost, repeated, exchanged, or taken from another file. */
function moveParts(draw: Draw, file: FileParts, other: FileParts): FileParts {
  const blocks = file.blocks.slice();
  const at = draw.below(blocks.length);
  const block = blocks[at];
  const donor = other.blocks[draw.below(other.blocks.length)];
  switch (draw.below(8)) {
    case 0:
      blocks.splice(at, 1);
      break;
    case 1:
      if (block !== undefined) blocks.splice(draw.below(blocks.length + 1), 0, block);
      break;
    case 2:
      blocks.reverse();
      break;
    case 3:
      if (donor !== undefined) blocks.splice(at, draw.below(2), donor);
      break;
    case 4:
      // The block of one entry under another.
      if (block !== undefined && donor !== undefined) blocks[at] = { part: donor.part, entry: block.entry };
      break;
    case 5:
      return {
        ...file,
        filter: draw.pick([
          undefined,
          other.filter,
          file.rangeDeletes && { ...file.rangeDeletes, role: 'filter' },
        ]),
      };
    case 6:
      return {
        ...file,
        rangeDeletes: draw.pick([
          undefined,
          other.rangeDeletes,
          { ...file.properties, role: 'range deletes' },
        ]),
      };
    default:
      return { ...file, properties: other.properties, partitions: [draw.below(4), draw.below(4), 1] };
  }
  return { ...file, blocks };
}

/** Returns the part under another codec: packed by it, or only said to be. */
function recoded(draw: Draw, part: Part, codec: number): Part {
  if (draw.oneIn(2)) return { role: part.role, codec, fields: part.fields };
  return { ...part, codec: draw.oneIn(3) ? draw.below(256) : codec, payload: packPart(part).payload };
}
