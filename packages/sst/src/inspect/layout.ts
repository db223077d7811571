/**
 * The layout of a file: its parts, and what the footer and the properties say, as far as they can be read.
 *
 *     +-------------+------------------+-------+--------+---------------+------------+--------+
 *     | data blocks | index partitions | index | filter | range deletes | properties | footer |
 *     +-------------+------------------+-------+--------+---------------+------------+--------+
 *
 * For looking at files that may be damaged: a sound footer is enough. {@link Sst.open} wants a whole tail.
 *
 * Invariants:
 * - The parts tile the file; those that it does not have are there with no bytes.
 */
import type { ClorthoError } from '@clortho/base';
import { decodePartitionTable, type PartitionTable } from '../block-index/partition-table.ts';
import type { CodecName } from '../codec/codec.ts';
import { codecById } from '../codec/registry.ts';
import {
  decodeFooter,
  FEATURE_INDEX_PARTITIONED,
  FEATURE_TIMESTAMPS_ABSENT,
  FOOTER_BYTES,
  FORMAT_VERSION,
  type Footer,
  tailBytesOf,
} from '../file/footer.ts';
import { type CollectedStatistics, decodeProperties } from '../file/properties.ts';
import { type BlockOrigin, checkStoredBlock } from '../file/stored-block.ts';
import { decodeFilter } from '../filter/registry.ts';
import { BLOCK_BYTES_MAX } from '../limits.ts';
import type { SstSource } from '../reader/source.ts';
import { readTail } from '../reader/tail.ts';
import { type SstSummary, summaryOf } from '../summary.ts';
import { type FilterFacts, filterFacts } from './filter-facts.ts';
import { damageOf, type SstPart, sectionReader, wholePart } from './read-part.ts';

/** A required feature of the format. */
export type SstFeature = 'timestamps absent' | 'index partitioned';

/** What {@link readSstLayout} finds. */
export interface SstLayout {
  /** The version of the format. */
  readonly version: number;
  /** All seven parts, in order. */
  readonly parts: readonly SstPart[];
  readonly features: readonly SstFeature[];
  /** The codecs that some stored block uses, as the footer lists them. */
  readonly codecs: readonly CodecName[];
  readonly salt: number;
  /** Index partitions: 1 where the index is in one piece; `undefined` where the index is damaged. */
  readonly partitions: number | undefined;
  /** `undefined` where there is no filter or it is damaged. */
  readonly filter: FilterFacts | undefined;
  /** `undefined` where the properties are damaged. */
  readonly summary: SstSummary | undefined;
  /** The collectors of the file with their statistics; empty where the properties are damaged. */
  readonly collectors: readonly CollectedStatistics[];
}

/** Of what to read the layout. */
export interface SstLayoutOptions {
  /** The size of the file in bytes. */
  readonly size: number;
  /** How error messages call the file. Default `'sst'`. */
  readonly name?: string | undefined;
}

/**
 * Reads the layout of a file. What is wrong with a part other than the footer is told of that part and throws nothing.
 *
 * @throws {ClorthoError} `CLORTHO_CORRUPT` if the footer is damaged or the size is wrong; `CLORTHO_UNSUPPORTED` if the file
 *   needs a version, feature or codec that is not there; `CLORTHO_ABORTED`; whatever the source throws.
 */
export async function readSstLayout(
  source: SstSource,
  { size, name = 'sst' }: SstLayoutOptions,
  signal?: AbortSignal,
): Promise<SstLayout> {
  const tail = await readTail(source, size, undefined, name, BLOCK_BYTES_MAX, signal);
  const footer = decodeFooter(tail.subarray(-FOOTER_BYTES), size, name, BLOCK_BYTES_MAX);
  const { dataBytes, partitionBytes, salt } = footer;
  const origin: BlockOrigin = { salt, name, maxBlockBytes: BLOCK_BYTES_MAX };
  const read = sectionReader(tail, dataBytes, origin);
  const indexAt = dataBytes + partitionBytes;
  const filterAt = indexAt + footer.index.stored;
  const rangeDeletesAt = filterAt + footer.filter.stored;
  const propertiesAt = rangeDeletesAt + footer.rangeDeletes.stored;
  const index = read('index', indexAt, footer.index, (section) =>
    partitionBytes === 0 ? undefined : decodePartitionTable(section, dataBytes, indexAt, undefined),
  );
  const filter = read('filter', filterAt, footer.filter, (section) => {
    decodeFilter({ ...section });
    return filterFacts(section);
  });
  const rangeDeletes = read('range deletes', rangeDeletesAt, footer.rangeDeletes, () => undefined);
  const properties = read('properties', propertiesAt, footer.properties, decodeProperties);
  return {
    version: FORMAT_VERSION,
    parts: [
      wholePart('data blocks', 0, dataBytes),
      {
        ...wholePart('index partitions', dataBytes, partitionBytes),
        damage: damageOfPartitions(index.content, tail, dataBytes, origin),
      },
      index.part,
      filter.part,
      rangeDeletes.part,
      properties.part,
      wholePart('footer', size - FOOTER_BYTES, FOOTER_BYTES),
    ],
    features: FEATURES.filter(([bit]) => (footer.required & bit) !== 0).map(([, feature]) => feature),
    codecs: codecsOf(footer),
    salt,
    partitions: index.part.damage === undefined ? (index.content?.partitions ?? 1) : undefined,
    filter: filter.content,
    summary: properties.content && summaryOf(properties.content, tailBytesOf(footer), size),
    collectors: properties.content?.collectors ?? [],
  };
}

const FEATURES: readonly (readonly [bit: number, feature: SstFeature])[] = [
  [FEATURE_TIMESTAMPS_ABSENT, 'timestamps absent'],
  [FEATURE_INDEX_PARTITIONED, 'index partitioned'],
];

/** Returns what is wrong with the first partition that is damaged. */
function damageOfPartitions(
  table: PartitionTable | undefined,
  tail: Uint8Array,
  tailAt: number,
  origin: BlockOrigin,
): ClorthoError | undefined {
  for (let number = 0; number < (table?.partitions ?? 0); number += 1) {
    const [offset = 0, end] = table?.offsets.subarray(number, number + 2) ?? [];
    try {
      checkStoredBlock(tail.subarray(offset - tailAt, (end as number) - tailAt), offset, origin);
    } catch (error) {
      return damageOf(error);
    }
  }
  return undefined;
}

function codecsOf({ codecs }: Footer): CodecName[] {
  const names: CodecName[] = [];
  for (let id = 0; codecs >>> id !== 0; id += 1) {
    const codec = (codecs >>> id) & 1 ? codecById(id) : undefined;
    if (codec !== undefined) names.push(codec.name);
  }
  return names;
}
