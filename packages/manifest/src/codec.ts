/**
 * The bytes of heads and checkpoint segments. FORMAT.md lists every field; this file is its code.
 *
 * Fields are arrays in a fixed order, so that an edit with one file stays under 256 bytes. Timestamps of a
 * uniform file equal its run and are not repeated; only History has end timestamps.
 *
 * Invariants:
 * - A decoded head covers each of its versions once: by a segment or by an edit of its tail.
 */
import { ClorthoError, invariant } from '@clortho/base';
import type { Edit } from './edit.ts';
import { FieldReader } from './fields.ts';
import type { FileEntry, FileReference, Tier } from './file-entry.ts';
import type { Head, HeadState } from './head.ts';
import { decodeRecord, encodeBody, encodeListRecord, encodeRecord, type RecordKind } from './record.ts';
import type { Segment, SegmentReference } from './segment.ts';

/** A shard's head register. */
export const HEAD_RECORD: RecordKind = { magic: 'CLhd', version: 1, name: 'shard head' };
/** A checkpoint segment object. */
export const SEGMENT_RECORD: RecordKind = { magic: 'CLck', version: 1, name: 'checkpoint segment' };

const TIERS: readonly Tier[] = ['delta', 'current', 'history'];
const STATES: readonly HeadState[] = ['open', 'sealed'];
const FAMILY_NUMBER = /^(?:0|[1-9][0-9]{0,14})$/;

/** Returns the bytes of a head, owned by the caller. */
export function encodeHead(head: Head): Uint8Array {
  const fields = [
    head.store,
    head.shard,
    head.version,
    head.epoch,
    head.upper,
    head.floor,
    head.gcFloor,
    head.state,
    head.horizons,
    head.segments.map((segment) => [segment.id, segment.from, segment.to, segment.size]),
  ];
  return encodeListRecord(HEAD_RECORD, fields, head.tail.map(encodedEdit));
}

/** An edit stands in up to as many heads as a tail has edits: it is encoded once. */
const encodedEdits = new WeakMap<Edit, Uint8Array>();

function encodedEdit(edit: Edit): Uint8Array {
  let bytes = encodedEdits.get(edit);
  if (bytes === undefined) {
    bytes = encodeBody(packEdit(edit));
    encodedEdits.set(edit, bytes);
  }
  return bytes;
}

/** Returns how many bytes of a head an edit takes. */
export function encodedEditBytes(edit: Edit): number {
  return encodedEdit(edit).length;
}

/**
 * Returns the head that `bytes` hold; `name` says in messages where they came from.
 *
 * @throws {ClorthoError} `CLORTHO_CORRUPT`, `CLORTHO_UNSUPPORTED`; see {@link decodeRecord}.
 */
export function decodeHead(bytes: Uint8Array, name: string): Head {
  const fields = new FieldReader(decodeRecord(HEAD_RECORD, bytes, name), 11, name);
  const head: Head = {
    store: fields.text(),
    shard: fields.integer(),
    version: fields.integer(),
    epoch: fields.integer(),
    upper: fields.integer(),
    floor: fields.integer(),
    gcFloor: fields.text(),
    state: fields.oneOf(STATES),
    horizons: fields.record((value) => new FieldReader([value], 1, name).integer()),
    segments: fields.list((value) => unpackSegmentReference(value, name)),
    tail: fields.list((value) => unpackEdit(value, name)),
  };
  checkCoverage(head, name);
  if (!Object.keys(head.horizons).every((family) => FAMILY_NUMBER.test(family))) {
    throw new ClorthoError('CLORTHO_CORRUPT', `head has a horizon of no family: at=${name}`);
  }
  return head;
}

/** Returns the bytes of a segment, owned by the caller. */
export function encodeSegment(store: string, shard: number, segment: Segment): Uint8Array {
  return encodeRecord(SEGMENT_RECORD, [
    store,
    shard,
    segment.from,
    segment.to,
    segment.added.map(packFile),
    segment.removed.map(packReference),
    segment.tokens,
  ]);
}

/**
 * Returns the segment that `bytes` hold, and which store and shard it is of.
 *
 * @throws {ClorthoError} `CLORTHO_CORRUPT`, `CLORTHO_UNSUPPORTED`; see {@link decodeRecord}.
 */
export function decodeSegment(
  bytes: Uint8Array,
  name: string,
): { readonly store: string; readonly shard: number; readonly segment: Segment } {
  const fields = new FieldReader(decodeRecord(SEGMENT_RECORD, bytes, name), 7, name);
  const store = fields.text();
  const shard = fields.integer();
  const segment = {
    from: fields.integer(),
    to: fields.integer(),
    added: fields.list((value) => unpackFile(value, name)),
    removed: fields.list((value) => unpackReference(value, name)),
    tokens: fields.list((value) => new FieldReader([value], 1, name).text()),
  };
  if (segment.to <= segment.from || segment.tokens.length > segment.to - segment.from) {
    throw new ClorthoError('CLORTHO_CORRUPT', `segment covers no versions: at=${name} to=${segment.to}`);
  }
  return { store, shard, segment };
}

/** Segments and tail cover every version once, or a loaded state would lack edits without a sign. */
function checkCoverage({ version, segments, tail }: Head, name: string): void {
  let covered = 0;
  for (const { from, to } of segments) {
    if (from !== covered || to <= from) throw uncovered(name, version);
    covered = to;
  }
  if (covered + tail.length !== version) throw uncovered(name, version);
}

function uncovered(name: string, version: number): ClorthoError {
  return new ClorthoError(
    'CLORTHO_CORRUPT',
    `head does not cover its versions: at=${name} version=${version}`,
  );
}

function packEdit(edit: Edit): unknown[] {
  return [edit.token, edit.timestamp, edit.added.map(packFile), edit.removed.map(packReference)];
}

function unpackEdit(value: unknown, name: string): Edit {
  const fields = new FieldReader(value, 4, name);
  return {
    token: fields.text(),
    timestamp: fields.integer(),
    added: fields.list((file) => unpackFile(file, name)),
    removed: fields.list((reference) => unpackReference(reference, name)),
  };
}

function packReference(reference: FileReference): unknown[] {
  return [reference.id, reference.family, reference.tier];
}

function unpackReference(value: unknown, name: string): FileReference {
  const fields = new FieldReader(value, 3, name);
  return { id: fields.text(), family: fields.integer(), tier: fields.oneOf(TIERS) };
}

function unpackSegmentReference(value: unknown, name: string): SegmentReference {
  const fields = new FieldReader(value, 4, name);
  return { id: fields.text(), from: fields.integer(), to: fields.integer(), size: fields.integer() };
}

function packFile(file: FileEntry): unknown[] {
  invariant(!file.uniform || file.minTimestamp === file.run, 'a uniform file has the timestamp of its run');
  invariant(!file.uniform || file.maxTimestamp === file.run, 'a uniform file has the timestamp of its run');
  return [
    file.id,
    file.family,
    file.tier,
    file.level,
    file.run,
    file.bytes,
    file.tailBytes,
    file.blocks,
    file.rows,
    file.deletes,
    file.merges,
    file.rangeDeletes,
    file.lower,
    file.upper ?? null,
    file.statistics,
    file.uniform,
    [
      ...(file.uniform ? [] : [file.minTimestamp, file.maxTimestamp]),
      ...(file.tier === 'history' ? [file.minEndTimestamp, file.maxEndTimestamp] : []),
    ],
  ];
}

function unpackFile(value: unknown, name: string): FileEntry {
  const fields = new FieldReader(value, 17, name);
  // Fields are read in order into one literal: a checkpoint has many entries, and spreading each costs more than
  // everything else about it.
  const entry = {
    id: fields.text(),
    family: fields.integer(),
    tier: fields.oneOf(TIERS),
    level: fields.integer(),
    run: fields.integer(),
    bytes: fields.integer(),
    tailBytes: fields.integer(),
    blocks: fields.integer(),
    rows: fields.integer(),
    deletes: fields.integer(),
    merges: fields.integer(),
    rangeDeletes: fields.integer(),
    lower: fields.bytes(),
    upper: fields.optionalBytes(),
    statistics: fields.record((field) => new FieldReader([field], 1, name).bytes()),
    uniform: fields.boolean(),
    minTimestamp: 0,
    maxTimestamp: 0,
    minEndTimestamp: Number.MAX_SAFE_INTEGER,
    maxEndTimestamp: Number.MAX_SAFE_INTEGER,
  };
  const hasEnds = entry.tier === 'history';
  const times = fields.fields((entry.uniform ? 0 : 2) + (hasEnds ? 2 : 0));
  entry.minTimestamp = entry.uniform ? entry.run : times.integer();
  entry.maxTimestamp = entry.uniform ? entry.run : times.integer();
  if (hasEnds) {
    entry.minEndTimestamp = times.integer();
    entry.maxEndTimestamp = times.integer();
  }
  return entry;
}
