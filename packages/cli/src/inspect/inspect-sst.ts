/**
 * Everything that an SST tells about itself, as far as it can be read.
 *
 *     footer sound    layout: the parts and what is wrong with them
 *     tail sound      contents: blocks, columns, filter, statistics
 */
import type { ClorthoError } from '@clortho/base';
import {
  type BlockFacts,
  type RangeDelete,
  readSstLayout,
  type Sst,
  type SstLayout,
  type SstSummary,
} from '@clortho/sst';
import { addUpColumns, type ColumnTotals } from './add-up-columns.ts';
import { isDamage } from './is-damage.ts';
import { type FilterMeasure, measureFilter } from './measure-filter.ts';
import { openForInspection } from './open-for-inspection.ts';
import { recogniseStatistics, type StatisticKind } from './recognise-statistics.ts';
import type { SstFile } from './with-sst-file.ts';

/** An SST as `inspect sst` shows it. */
export interface SstInspection {
  readonly name: string;
  /** The size of the file. */
  readonly bytes: number;
  readonly family: string | undefined;
  readonly tier: string | undefined;
  readonly level: number | undefined;
  readonly layout: SstLayout;
  /** What the properties state, with the timestamp of the manifest where the file stores none; if they can be read. */
  readonly summary: SstSummary | undefined;
  /** Whether the timestamps of the rows are known: stored, or in a manifest. */
  readonly hasTimestamps: boolean;
  /** The timestamp of all rows where the file stores none and a manifest has it. */
  readonly uniformTimestamp: number | undefined;
  /** `undefined` if the tail is damaged. */
  readonly contents: SstContents | undefined;
  /** What was found to be wrong, in the order of the file. */
  readonly damage: readonly ClorthoError[];
}

/** What it takes an open file to know. */
export interface SstContents {
  readonly sst: Sst;
  readonly blocks: readonly BlockFacts[];
  readonly columns: ColumnTotals;
  readonly filter: FilterMeasure | undefined;
  readonly collectors: readonly CollectorInspection[];
  readonly rangeDeletes: readonly RangeDelete[];
}

/** A collector of the file; its statistics per block are in the blocks, by its name. */
export interface CollectorInspection {
  readonly name: string;
  readonly version: number;
  readonly kind: StatisticKind | undefined;
  /** As the collector wrote them; empty if it had nothing to say of the file. */
  readonly bytes: Uint8Array;
}

/**
 * Reads the whole file but for its rows; `onProgress` hears the bytes of data blocks read so far.
 *
 * @throws {ClorthoError} `CLORTHO_CORRUPT`, `CLORTHO_UNSUPPORTED` if not even the footer can be read.
 */
export async function inspectSst(file: SstFile, onProgress: (bytes: number) => void): Promise<SstInspection> {
  const { name, source, size, entry, family } = file;
  const layout = await readSstLayout(source, { size, name });
  const isAbsent = layout.features.includes('timestamps absent');
  const uniformTimestamp = isAbsent ? entry?.run : undefined;
  const damage = layout.parts.flatMap((part) => (part.damage === undefined ? [] : [part.damage]));
  const inspection = {
    name,
    bytes: size,
    family,
    tier: entry?.tier,
    level: entry?.level,
    layout,
    summary: withTimestamp(layout.summary, uniformTimestamp),
    hasTimestamps: !isAbsent || uniformTimestamp !== undefined,
    uniformTimestamp,
  };
  const opened = await openForInspection(file, layout).catch((error: unknown) => {
    if (isDamage(error)) return error;
    throw error;
  });
  if (opened instanceof Error) {
    const isKnown = damage.some(({ message }) => message === opened.message);
    return { ...inspection, contents: undefined, damage: isKnown ? damage : [...damage, opened] };
  }
  const contents = await contentsOf(opened, layout, onProgress);
  return { ...inspection, contents, damage: [...contents.columns.damage.values(), ...damage] };
}

function withTimestamp(
  summary: SstSummary | undefined,
  timestamp: number | undefined,
): SstSummary | undefined {
  if (summary === undefined || timestamp === undefined) return summary;
  return { ...summary, minTimestamp: timestamp, maxTimestamp: timestamp };
}

async function contentsOf(
  sst: Sst,
  layout: SstLayout,
  onProgress: (bytes: number) => void,
): Promise<SstContents> {
  const blocks = sst.blockTable();
  const columns = await addUpColumns(sst, (ordinal) => {
    const { offset, bytes } = blocks[ordinal] as BlockFacts;
    onProgress(offset + bytes);
  });
  const keys = columns.damage.size === 0 ? columns.keys : undefined;
  return {
    sst,
    blocks,
    columns,
    filter: layout.filter && measureFilter(sst, layout.filter, keys),
    collectors: layout.collectors.map(({ name, version, bytes }) => ({
      name,
      version,
      bytes,
      kind: recogniseStatistics(version, [
        [bytes, sst.summary.rows],
        ...blocks.map((block) => [storedStatistic(block, name), block.rows] as const),
      ]),
    })),
    rangeDeletes: sst.rangeDeletes,
  };
}

/** Returns what a collector wrote of a block; empty if nothing. */
export function storedStatistic({ statistics }: BlockFacts, name: string): Uint8Array {
  return (statistics[name] as Uint8Array | undefined) ?? new Uint8Array(0);
}
