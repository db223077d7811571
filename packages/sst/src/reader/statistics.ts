/**
 * Statistics of a file and its blocks, decoded for those collectors that the opener knows.
 *
 * Invariants:
 * - What cannot be decoded (another version, empty, a decoder that throws) is absent, which matches everything.
 */

import type { BlockIndex } from '../block-index/block-index.ts';
import type { CollectorDefinition, Statistics } from '../collector/collector.ts';
import { type ByteStrings, byteStringAt } from '../column/byte-strings.ts';
import type { CollectedStatistics } from '../file/properties.ts';

/** Decodes statistics on demand and remembers those of blocks. */
export class FileStatistics {
  readonly file: Statistics;
  readonly #index: BlockIndex;
  /** The definitions that are known here, and the column of each in the index. */
  readonly #columns: readonly (readonly [CollectorDefinition, number])[];
  readonly #blocks: (Statistics | undefined)[] = [];

  /** Matches collectors by name and version. */
  constructor(
    definitions: readonly CollectorDefinition[],
    collected: readonly CollectedStatistics[],
    index: BlockIndex,
  ) {
    const file: [CollectorDefinition, Uint8Array][] = [];
    const columns: [CollectorDefinition, number][] = [];
    collected.forEach(({ name, version, bytes }, column) => {
      const definition = definitions.find((known) => known.name === name && known.version === version);
      if (definition === undefined) return;
      file.push([definition, bytes]);
      columns.push([definition, column]);
    });
    this.file = decodeAll(file);
    this.#index = index;
    this.#columns = columns;
  }

  /** Returns the statistics of a block. */
  block(ordinal: number): Statistics {
    let statistics = this.#blocks[ordinal];
    if (statistics === undefined) {
      const partition = this.#index.partitionOf(ordinal);
      const entry = ordinal - partition.firstBlock;
      statistics = decodeAll(
        this.#columns.map(
          ([definition, column]) =>
            [definition, byteStringAt(partition.statistics[column] as ByteStrings, entry)] as const,
        ),
      );
      this.#blocks[ordinal] = statistics;
    }
    return statistics;
  }
}

function decodeAll(list: readonly (readonly [CollectorDefinition, Uint8Array])[]): Statistics {
  const entries: [string, unknown][] = [];
  for (const [definition, bytes] of list) {
    if (bytes.length === 0) continue;
    try {
      entries.push([definition.name, definition.decode(bytes)]);
    } catch {
      // Bytes that this decoder does not understand say nothing: the file or block is read.
    }
  }
  return Object.fromEntries(entries);
}
