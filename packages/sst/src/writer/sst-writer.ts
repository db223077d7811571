/**
 * Writes one file from sorted rows, block by block, in bounded memory.
 *
 *     append -> builder --full--> stored block -> take()
 *                  |                   |
 *                  +-> key hashes      +-> index columns, statistics      ... finish() -> tail -> take()
 *
 * Besides the block in progress the writer holds eight bytes per distinct key for the filter and one index entry
 * per block.
 *
 * Invariants:
 * - Bytes depend on the rows and options alone (and on the LZ4 implementation): equal calls give equal files.
 * - A row out of order is refused before it changes anything; the writer stays usable.
 */
import { ClorthoError, compareBytes, compareSlices, copyBytes } from '@clortho/base';
import type { Block } from '../block/block.ts';
import { BlockBuilder } from '../block/block-builder.ts';
import type { Codec } from '../codec/codec.ts';
import { none } from '../codec/none.ts';
import type { Collector } from '../collector/collector.ts';
import { fileFacts, type RowFacts } from '../file/file-facts.ts';
import {
  encodeFooter,
  FEATURE_INDEX_PARTITIONED,
  FEATURE_TIMESTAMPS_ABSENT,
  FOOTER_BYTES,
  type SectionSize,
} from '../file/footer.ts';
import { encodeProperties } from '../file/properties.ts';
import { compareRangeDeletes, encodeRangeDeletes } from '../file/range-deletes.ts';
import { ENVELOPE_BYTES, type Payload, payloadOf, sealStoredBlock } from '../file/stored-block.ts';
import { KeyHashes } from '../filter/key-hashes.ts';
import {
  BLOCK_BYTES_MAX,
  BLOCKS_MAX,
  BOUND_BYTES_MAX,
  KEY_BYTES_MAX,
  RANGE_DELETES_MAX,
  VALUE_BYTES_MAX,
} from '../limits.ts';
import { DELETE, MERGE, NEVER, type RangeDelete, type Row, type RowKind, type RowPosition } from '../row.ts';
import { ByteSink } from '../sink.ts';
import type { SstSummary } from '../summary.ts';
import { FileOutput } from './file-output.ts';
import { IndexBuilder } from './index-builder.ts';
import { ReusedPosition } from './reused-position.ts';
import { type ResolvedWriterOptions, resolveWriterOptions, type SstWriterOptions } from './writer-options.ts';

const PROPERTIES_BYTES_ESTIMATE = 300;
const ABSENT: SectionSize = { stored: 0, raw: 0 };

/**
 * Builders of finished files, for the next ones: a small file costs more to allocate columns for than to encode.
 * A finished writer never touches its builder again.
 */
const spareBuilders: BlockBuilder[] = [];
const SPARE_BUILDERS_MAX = 16;
const SPARE_BYTES_MAX = 256 * 1024;

/** Writes one file. Not to be shared between callers that interleave. */
export class SstWriter {
  readonly #options: ResolvedWriterOptions;
  readonly #builder: BlockBuilder = spareBuilders.pop() ?? new BlockBuilder();
  readonly #index: IndexBuilder;
  readonly #sink: ByteSink = new ByteSink();
  readonly #hashes: KeyHashes | undefined;
  readonly #collectors: readonly Collector[];
  readonly #position: ReusedPosition = new ReusedPosition();
  readonly #ranges: RangeDelete[] = [];
  #rangesBytes = 0;
  readonly #output: FileOutput;
  #codecs = 0;
  #finished = false;
  /** The last row of the blocks before the one in progress. */
  #lastKey: Uint8Array | undefined;
  #lastTimestamp = 0;
  #firstKey: Uint8Array | undefined;
  #rows = 0;
  #deletes = 0;
  #merges = 0;
  #rawBytes = 0;

  /**
   * Creates a writer of an empty file.
   *
   * @throws {ClorthoError} `CLORTHO_INVALID` for options out of bounds, `CLORTHO_UNSUPPORTED` for a codec that this
   *   runtime does not have.
   */
  constructor(options: SstWriterOptions = {}) {
    this.#options = resolveWriterOptions(options);
    this.#output = new FileOutput(this.#options.expectedBytes, this.#options.spare);
    this.#hashes = this.#options.filter === undefined ? undefined : new KeyHashes();
    this.#collectors = this.#options.collectors.map((definition) => definition.create());
    const { codec, indexPartitionBytes } = this.#options;
    this.#index = new IndexBuilder(this.#collectors.length, codec, indexPartitionBytes);
  }

  /**
   * Appends a row, copying its bytes: key `keyBytes[keyStart, keyEnd)`, value `valueBytes[valueStart, valueEnd)`.
   * A file without timestamps ignores `timestamp`.
   *
   * @throws {ClorthoError} `CLORTHO_INVALID` if the row does not sort after the one before (key ascending, timestamp
   *   descending; without timestamps: key ascending), a timestamp is not a safe integer, or key or value are too
   *   long; `CLORTHO_CLOSED` after {@link finish}.
   */
  append(
    keyBytes: Uint8Array,
    keyStart: number,
    keyEnd: number,
    timestamp: number,
    endTimestamp: number,
    kind: RowKind,
    valueBytes: Uint8Array,
    valueStart: number,
    valueEnd: number,
  ): void {
    if (this.#finished) throw finishedError();
    const time = this.#options.timestampsAbsent ? 0 : timestamp;
    const keyLength = keyEnd - keyStart;
    const valueLength = valueEnd - valueStart;
    if (keyLength > KEY_BYTES_MAX || valueLength > VALUE_BYTES_MAX) throw tooLong(keyLength, valueLength);
    if (!Number.isSafeInteger(time) || !Number.isSafeInteger(endTimestamp)) throw badTime(time, endTimestamp);
    const order = this.#compareWithLast(keyBytes, keyStart, keyEnd);
    if (order < 0 || (order === 0 && time >= this.#lastTimestamp)) throw outOfOrder(this.#rows, order, time);

    this.#makeRoom(keyLength + valueLength);
    this.#builder.push(
      keyBytes,
      keyStart,
      keyEnd,
      time,
      endTimestamp,
      kind,
      valueBytes,
      valueStart,
      valueEnd,
    );
    if (order > 0) this.#hashes?.add(keyBytes, keyStart, keyEnd);
    if (this.#rows === 0) this.#firstKey = copyBytes(keyBytes, keyStart, keyEnd);
    this.#lastTimestamp = time;
    this.#count(kind, keyLength + valueLength);
    if (this.#collectors.length > 0)
      this.#collect(keyBytes, keyStart, keyEnd, time, endTimestamp, kind, valueBytes, valueStart, valueEnd);
  }

  /**
   * Appends row `row` of a block, copying its bytes. The caller knows it to sort after the one before, because a merge has
   * just compared their keys; that is not checked again. Not for rows of a key that the file has already. Returns how many
   * bytes key and value have.
   *
   * @throws {ClorthoError} `CLORTHO_CLOSED` after {@link finish}.
   */
  appendOrdered(block: Block, row: number): number {
    if (this.#finished) throw finishedError();
    const { keyBytes, valueBytes } = block;
    const keyStart = block.keyStartAt(row);
    const keyEnd = block.keyStartAt(row + 1);
    const valueStart = block.valueStartAt(row);
    const valueEnd = block.valueStartAt(row + 1);
    const time = this.#options.timestampsAbsent ? 0 : block.timestampAt(row);
    const end = block.endAt(row);
    const kind = block.kindAt(row);
    const bytes = keyEnd - keyStart + valueEnd - valueStart;
    this.#makeRoom(bytes);
    this.#builder.push(keyBytes, keyStart, keyEnd, time, end, kind, valueBytes, valueStart, valueEnd);
    this.#hashes?.add(keyBytes, keyStart, keyEnd);
    if (this.#rows === 0) this.#firstKey = copyBytes(keyBytes, keyStart, keyEnd);
    this.#lastTimestamp = Number.NEGATIVE_INFINITY;
    this.#count(kind, bytes);
    if (this.#collectors.length > 0)
      this.#collect(keyBytes, keyStart, keyEnd, time, end, kind, valueBytes, valueStart, valueEnd);
    return bytes;
  }

  /** Appends a row given as an object; see {@link append}. */
  appendRow(row: Row): void {
    const { key, timestamp, endTimestamp = NEVER, kind, value } = row;
    this.append(key, 0, key.length, timestamp, endTimestamp, kind, value, 0, value.length);
  }

  /** Appends the row that a cursor stands on; see {@link append}. */
  appendFrom(position: RowPosition): void {
    this.append(
      position.keyBytes,
      position.keyStart,
      position.keyEnd,
      position.timestamp,
      position.endTimestamp,
      position.kind,
      position.valueBytes,
      position.valueStart,
      position.valueEnd,
    );
  }

  /**
   * Adds a range delete, in any order, copying its bounds.
   *
   * @throws {ClorthoError} `CLORTHO_INVALID` if the range is empty, a bound too long, the timestamp not a safe integer,
   *   or the file has 2^20 of them; `CLORTHO_CLOSED` after {@link finish}.
   */
  addRangeDelete(range: RangeDelete): void {
    if (this.#finished) throw finishedError();
    const timestamp = this.#options.timestampsAbsent ? 0 : range.timestamp;
    if (!Number.isSafeInteger(timestamp)) throw badTime(timestamp, NEVER);
    if (compareBytes(range.start, range.end) >= 0) {
      throw new ClorthoError('CLORTHO_INVALID', `range delete is empty: timestamp=${timestamp}`);
    }
    if (Math.max(range.start.length, range.end.length) > BOUND_BYTES_MAX) {
      throw tooLong(Math.max(range.start.length, range.end.length), 0);
    }
    if (this.#ranges.length === RANGE_DELETES_MAX) {
      throw new ClorthoError(
        'CLORTHO_INVALID',
        `too many range deletes for one file: rangeDeletes=${RANGE_DELETES_MAX}`,
      );
    }
    this.#ranges.push({ start: copyBytes(range.start), end: copyBytes(range.end), timestamp });
    this.#rangesBytes += range.start.length + range.end.length + 8;
  }

  /** How large the file would be if it were finished at this point, roughly: the block in progress counts uncompressed. */
  get estimatedBytes(): number {
    const filter = this.#options.filter?.estimatedBytes(this.#hashes?.count ?? 0) ?? 0;
    const tail =
      this.#index.estimatedBytes + filter + this.#rangesBytes + PROPERTIES_BYTES_ESTIMATE + FOOTER_BYTES;
    return this.#output.length + (this.#finished ? 0 : this.#builder.weight) + tail;
  }

  /** How many bytes {@link take} would give. */
  get pendingBytes(): number {
    return this.#output.pending;
  }

  /** Returns the bytes finished since the last call, in order, in memory that passes to the caller; there may be more of it. */
  take(): Uint8Array[] {
    return this.#output.take();
  }

  /**
   * Finishes the file and returns its facts; {@link take} then gives the rest. A file without rows is allowed.
   *
   * @throws {ClorthoError} `CLORTHO_CLOSED` if the file is finished; `CLORTHO_INVALID` if it has too many range
   *   deletes or blocks for one file.
   */
  finish(): SstSummary {
    if (this.#finished) throw finishedError();
    this.#flush();
    this.#finished = true;
    this.#builder.reset(SPARE_BYTES_MAX);
    const isSpare = this.#options.memory === undefined && spareBuilders.length < SPARE_BUILDERS_MAX;
    if (isSpare) spareBuilders.push(this.#builder);
    const { codec, filter, salt, timestampsAbsent, collectors } = this.#options;
    const dataBytes = this.#output.length;
    this.#ranges.sort(compareRangeDeletes);
    const rowFacts: RowFacts = {
      rawBytes: this.#rawBytes,
      blocks: this.#index.blocks,
      rows: this.#rows,
      deletes: this.#deletes,
      merges: this.#merges,
      firstKey: this.#firstKey,
      lastKey: this.#lastKey,
      minTimestamp: this.#index.minTimestamp,
      maxTimestamp: this.#index.maxTimestamp,
      minEnd: this.#index.minEnd,
      maxEnd: this.#index.maxEnd,
    };
    const properties = {
      ...fileFacts(rowFacts, this.#ranges),
      collectors: collectors.map(({ name, version }, index) => ({
        name,
        version,
        bytes: copyBytes((this.#collectors[index] as Collector).finishFile()),
      })),
    };
    const sink = this.#sink;
    const partitions = this.#index.finish(sink);
    for (const partition of partitions) this.#store(partition);
    const index = this.#section(codec);
    if (filter !== undefined && this.#rows > 0) filter.encode(sink, this.#hashes as KeyHashes);
    // A good filter has no redundancy that a codec could find.
    const filterSize = sink.offset === 0 ? ABSENT : this.#section(none);
    if (this.#ranges.length > 0) encodeRangeDeletes(sink, this.#ranges);
    const rangeDeletes = sink.offset === 0 ? ABSENT : this.#section(codec);
    const packed = encodeProperties(properties);
    sink.copy(packed, 0, packed.length);
    const propertiesSize = this.#section(codec);
    const footer = encodeFooter({
      index,
      filter: filterSize,
      rangeDeletes,
      properties: propertiesSize,
      dataBytes,
      salt,
      required:
        (timestampsAbsent ? FEATURE_TIMESTAMPS_ABSENT : 0) |
        (partitions.length > 0 ? FEATURE_INDEX_PARTITIONED : 0),
      codecs: this.#codecs,
    });
    this.#output.append(footer);
    const { collectors: collected, ...facts } = properties;
    return {
      ...facts,
      bytes: this.#output.length,
      tailBytes: this.#output.length - dataBytes,
      statistics: Object.fromEntries(
        collected.filter(({ bytes }) => bytes.length > 0).map((one) => [one.name, one.bytes]),
      ),
    };
  }

  /** Ends the block in progress if it has no room for a row of so many bytes. */
  #makeRoom(bytes: number): void {
    const builder = this.#builder;
    if (builder.rows > 0 && builder.weightWith(1, bytes) > this.#options.blockBytes) this.#flush();
  }

  #collect(...row: Parameters<ReusedPosition['set']>): void {
    const position = this.#position;
    position.set(...row);
    for (const collector of this.#collectors) collector.add(position);
  }

  #count(kind: RowKind, bytes: number): void {
    this.#rows += 1;
    this.#rawBytes += bytes;
    if (kind === DELETE) this.#deletes += 1;
    else if (kind === MERGE) this.#merges += 1;
  }

  /** Compares a key with that of the last row; positive where there is none. */
  #compareWithLast(keyBytes: Uint8Array, keyStart: number, keyEnd: number): number {
    const builder = this.#builder;
    const { rows } = builder;
    if (rows > 0) {
      const { bytes, start, end } = builder.keys;
      return compareSlices(
        keyBytes,
        keyStart,
        keyEnd,
        bytes,
        start + (builder.keyOffsets[rows - 1] as number),
        end,
      );
    }
    const lastKey = this.#lastKey;
    if (lastKey === undefined) return 1;
    return compareSlices(keyBytes, keyStart, keyEnd, lastKey, 0, lastKey.length);
  }

  /** Turns the block in progress into stored bytes and an index entry. */
  #flush(): void {
    const builder = this.#builder;
    const { rows } = builder;
    if (rows === 0) return;
    if (this.#index.blocks === BLOCKS_MAX) {
      throw new ClorthoError('CLORTHO_INVALID', `too many blocks for one file: blocks=${BLOCKS_MAX}`);
    }
    builder.encode(this.#sink);
    const size = this.#section(this.#options.codec);
    this.#index.add(
      builder,
      size,
      this.#collectors.map((collector) => copyBytes(collector.finishBlock())),
    );
    this.#lastKey = copyBytes(builder.keys.view(), builder.keyOffsets[rows - 1]);
    builder.reset(Math.max(this.#options.blockBytes, 1024), this.#options.memory);
  }

  /** Stores what the sink holds as the next block of the file. */
  #section(codec: Codec): SectionSize {
    const sink = this.#sink;
    const raw = sink.offset;
    if (raw > BLOCK_BYTES_MAX) {
      throw new ClorthoError(
        'CLORTHO_INVALID',
        `file needs a section above ${BLOCK_BYTES_MAX} bytes: bytes=${raw}`,
      );
    }
    const stored = this.#store(payloadOf(sink.view(), codec));
    sink.reset(4 * this.#options.blockBytes);
    return { stored, raw };
  }

  /** Appends a stored block to the file and returns its size. */
  #store({ bytes, codec }: Payload): number {
    const offset = this.#output.length;
    const stored = this.#output.append(bytes, ENVELOPE_BYTES);
    sealStoredBlock(stored, codec, this.#options.salt, offset);
    this.#codecs |= 1 << codec.id;
    return stored.length;
  }
}

function outOfOrder(row: number, order: number, timestamp: number): ClorthoError {
  const problem =
    order < 0 ? 'key sorts before the last one' : 'timestamp is not below the last one of the key';
  return new ClorthoError(
    'CLORTHO_INVALID',
    `row out of order: ${problem}: row=${row} timestamp=${timestamp}`,
  );
}

function badTime(timestamp: number, endTimestamp: number): ClorthoError {
  return new ClorthoError(
    'CLORTHO_INVALID',
    `timestamp is not a safe integer: timestamp=${timestamp} endTimestamp=${endTimestamp}`,
  );
}

function tooLong(keyBytes: number, valueBytes: number): ClorthoError {
  return new ClorthoError(
    'CLORTHO_INVALID',
    `key or value too long: keyBytes=${keyBytes} valueBytes=${valueBytes}`,
  );
}

function finishedError(): ClorthoError {
  return new ClorthoError('CLORTHO_CLOSED', 'the file is finished');
}
