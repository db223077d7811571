/**
 * What a cursor reads before it comes to it: a stretch of adjacent blocks in one read.
 *
 *     growing     a seek loads | 1 |, moving on loads | 2  3 |, then | 4  5  6  7 |, up to `readAheadBytesMax` of the file
 *     of a size   | 1  2  3 | 4  5  6 |, past the cache, for merges and for scans of whole files; a merge, which reads all there
 *                 is, asks for the next one as soon as it has one
 *
 * A stretch grows only as its cursor moves on from a block that had to be loaded into one that has to be: seeks, and blocks
 * that are in memory, begin again with one block. So a scan reads at most twice what it needs.
 *
 * Invariants:
 * - A block of a growing stretch enters the cache when the cursor comes to it, decoded once.
 * - A cursor that is done keeps no stretch alive.
 */
import { EMPTY_BYTES } from '@clortho/base';
import type { Block } from '../block/block.ts';
import type { WorkMemory } from '../block/work-memory.ts';
import type { BlockIndex } from '../block-index/block-index.ts';
import type { BlockReader, Stretch } from './block-reader.ts';

/** A stretch that was asked for: the blocks `[first, end)`. */
interface Reading {
  readonly first: number;
  readonly end: number;
  readonly bytes: Promise<Uint8Array>;
}

/** The stretch of one cursor. */
export class ReadAhead {
  readonly #index: BlockIndex;
  readonly #blocks: BlockReader;
  /** The size of stretches that do not grow; 0 for those that do. */
  readonly #bytesFixed: number;
  readonly #memory: WorkMemory | undefined;
  /** The blocks that were loaded last, `[#first, #end)`, and their stored bytes unless it was one through the cache. */
  #first = 0;
  #end = 0;
  #bytes: Uint8Array = EMPTY_BYTES;
  /** How much the last stretch could have had: what fits of it is whole blocks, which are not all alike. */
  #windowBytes = 0;
  /** The stretch, if it is shared with others. */
  #shared: Stretch | undefined;
  /** What comes behind the stretch, if it was asked for. */
  #next: Reading | undefined;

  /** Nothing is read yet. */
  constructor(index: BlockIndex, blocks: BlockReader, bytesFixed: number, memory: WorkMemory | undefined) {
    this.#index = index;
    this.#blocks = blocks;
    this.#bytesFixed = bytesFixed;
    this.#memory = memory;
  }

  /** Returns a block of the stretch, decoded. */
  block(ordinal: number): Block | undefined {
    if (ordinal < this.#first || ordinal >= this.#end || this.#bytes.length === 0) return undefined;
    const offset = this.#index.offsetAt(this.#first);
    return this.#bytesFixed > 0
      ? this.#blocks.decode(ordinal, this.#bytes, offset, true, this.#memory)
      : this.#blocks.keep(ordinal, this.#bytes, offset);
  }

  /**
   * Loads a block, and with it those behind it that are worth it and `isWanted`. `from` is the block that the cursor moves on
   * from; `undefined` after a seek.
   */
  async load(
    ordinal: number,
    from: number | undefined,
    isWanted: (ordinal: number) => boolean,
    signal: AbortSignal | undefined,
  ): Promise<Block> {
    const index = this.#index;
    if (this.#bytesFixed > 0) {
      const reading = this.#next?.first === ordinal ? this.#next : this.#ask(ordinal, isWanted, signal);
      this.#next = undefined;
      this.#hold(ordinal, reading.end, await reading.bytes);
      if (this.#memory !== undefined) this.#askNext(isWanted, signal);
      return this.block(ordinal) as Block;
    }
    const shared = this.#blocks.sharedStretch(ordinal);
    if (shared !== undefined) return this.#share(shared, shared.bytes.length, ordinal);
    const windowBytes = this.#nextWindowBytes(ordinal, from);
    const end = this.#stretchEnd(ordinal, windowBytes, isWanted);
    if (end === ordinal + 1) {
      const block = await this.#blocks.load(ordinal, signal);
      this.#hold(ordinal, end, EMPTY_BYTES);
      this.#windowBytes = Math.max(windowBytes, index.endAt(ordinal) - index.offsetAt(ordinal));
      return block;
    }
    return this.#share(await this.#blocks.readStretch(ordinal, end, signal), windowBytes, ordinal);
  }

  /** Lets go of the stretch. */
  clear(): void {
    this.#hold(0, 0, EMPTY_BYTES);
    this.#next = undefined;
  }

  /** Holds a stretch that others may have as well, and returns a block of it. */
  #share(stretch: Stretch, windowBytes: number, ordinal: number): Block {
    this.#hold(stretch.first, stretch.end, stretch.bytes);
    this.#blocks.hold(stretch);
    this.#shared = stretch;
    this.#windowBytes = windowBytes;
    return this.block(ordinal) as Block;
  }

  #ask(ordinal: number, isWanted: (ordinal: number) => boolean, signal: AbortSignal | undefined): Reading {
    const end = this.#stretchEnd(ordinal, this.#bytesFixed, isWanted);
    return { first: ordinal, end, bytes: this.#blocks.read(ordinal, end, signal) };
  }

  #askNext(isWanted: (ordinal: number) => boolean, signal: AbortSignal | undefined): void {
    let first = this.#end;
    while (first < this.#index.blocks && !isWanted(first)) first += 1;
    if (first === this.#index.blocks) return;
    this.#next = this.#ask(first, isWanted, signal);
    // Whoever comes to it is told; if nobody does, nobody misses it.
    this.#next.bytes.catch(() => undefined);
  }

  #stretchEnd(ordinal: number, windowBytes: number, isWanted: (ordinal: number) => boolean): number {
    const index = this.#index;
    const stop = index.offsetAt(ordinal) + windowBytes;
    let end = ordinal + 1;
    while (end < index.blocks && index.endAt(end) <= stop && isWanted(end)) end += 1;
    return end;
  }

  #hold(first: number, end: number, bytes: Uint8Array): void {
    if (this.#shared !== undefined) this.#blocks.release(this.#shared);
    this.#shared = undefined;
    this.#first = first;
    this.#end = end;
    this.#bytes = bytes;
  }

  #nextWindowBytes(ordinal: number, from: number | undefined): number {
    const wasLoaded = from !== undefined && from < ordinal && from >= this.#first && from < this.#end;
    return wasLoaded ? Math.min(2 * this.#windowBytes, this.#blocks.readAheadBytesMax) : 0;
  }
}
