/**
 * Statistics of files and blocks, computed while they are written, used to skip them when they are read.
 *
 * Invariants:
 * - A collector sees every row of the file, once, in order. Its bytes depend on the rows alone.
 * - Absent statistics (empty bytes, unknown name or version) match everything: pruning can only skip what is
 *   known not to match.
 */
import type { RowPosition } from '../row.ts';

/** Collects over one file. The row passed to {@link Collector.add} is a position: copy what is kept. */
export interface Collector {
  add(row: RowPosition): void;
  /** Returns the statistics of the rows since the last call; empty if there is nothing to say. */
  finishBlock(): Uint8Array;
  /** Returns the statistics of all rows; empty if there is nothing to say. Up to 256 bytes reach the manifest. */
  finishFile(): Uint8Array;
}

/** A named, versioned kind of statistics. A new version is a new kind: old bytes are ignored, never misread. */
export interface CollectorDefinition<Statistic = unknown> {
  readonly name: string;
  readonly version: number;
  create(): Collector;
  /** Turns what a collector wrote into what predicates see. */
  decode(bytes: Uint8Array): Statistic;
}

/** Decoded statistics of a file or block by collector name; a name is absent where nothing is known. */
export type Statistics = Readonly<Record<string, unknown>>;

/** Tells whether rows with these statistics may match; `false` skips the file or block. */
export type MayMatch = (statistics: Statistics) => boolean;
