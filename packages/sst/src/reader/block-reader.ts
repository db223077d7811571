/**
 * From a block's ordinal to the decoded block: out of the cache, out of memory, or out of the source.
 *
 * Invariants:
 * - A load shared through the cache is not cancelled by the signal of one of its waiters.
 * - A cached block does not keep alive more memory than it weighs.
 */
import { abortedError, copyBytes, throwIfAborted } from '@clortho/base';
import type { Block } from '../block/block.ts';
import { decodeBlock } from '../block/decode-block.ts';
import type { WorkMemory } from '../block/work-memory.ts';
import { integerAt } from '../column/integers.ts';
import { decodeStoredBlock } from '../file/stored-block.ts';
import { BLOCKS_MAX } from '../limits.ts';
import type { BlockCache } from './block-cache.ts';
import { checkPlace } from './check-place.ts';
import type { SstSource } from './source.ts';
import { readExactly, type Tail } from './tail.ts';

/** Where the bytes of a file are: behind a source, or all in memory. */
export type FileBytes = { readonly source: SstSource } | { readonly whole: Uint8Array };

/** The blocks `[first, end)` as they are stored. */
export interface Stretch {
  readonly first: number;
  readonly end: number;
  readonly bytes: Uint8Array;
}

/** How many of the stretches that cursors hold are shared with others. */
const SHARED_STRETCHES_MAX = 4;

/** Loads and decodes the blocks of one file. */
export class BlockReader {
  readonly #tail: Tail;
  readonly #name: string;
  readonly #source: SstSource | undefined;
  readonly #whole: Uint8Array | undefined;
  readonly #cache: BlockCache | undefined;
  readonly #firstCacheKey: number;
  /** Stretches that are being read, by their first block: scans that come to it together read it once. */
  readonly #stretches = new Map<number, Promise<Stretch>>();
  /** Some of those that cursors hold, and how many do: who comes to a block of one before its cursor did finds it there. */
  readonly #held = new Map<Stretch, number>();
  /** How much cursors may read at once as they move on. */
  readonly readAheadBytesMax: number;

  /** Reads the blocks of the file that `tail` belongs to; `file` is its number in the cache. */
  constructor(
    tail: Tail,
    bytes: FileBytes,
    cache: { readonly cache: BlockCache; readonly file: number } | undefined,
    name: string,
    readAheadBytesMax: number,
  ) {
    this.readAheadBytesMax = readAheadBytesMax;
    this.#tail = tail;
    this.#name = name;
    this.#source = 'source' in bytes ? bytes.source : undefined;
    this.#whole = 'whole' in bytes ? bytes.whole : undefined;
    this.#cache = cache?.cache;
    this.#firstCacheKey = (cache?.file ?? 0) * BLOCKS_MAX;
  }

  /** Returns a block if that needs no waiting; decoded into `memory`, past the cache, if there is any. */
  resident(ordinal: number, memory?: WorkMemory): Block | undefined {
    if (memory !== undefined && this.#whole !== undefined)
      return this.decode(ordinal, this.#whole, 0, true, memory);
    const cached = this.#cache?.get(this.#firstCacheKey + ordinal);
    if (cached !== undefined || this.#whole === undefined) return cached;
    return this.keep(ordinal, this.#whole, 0);
  }

  /** Returns a block, loading it through the cache if there is one. */
  async load(ordinal: number, signal: AbortSignal | undefined): Promise<Block> {
    const resident = this.resident(ordinal);
    if (resident !== undefined) return resident;
    throwIfAborted(signal);
    const cache = this.#cache;
    if (cache === undefined) return this.#fetch(ordinal, signal);
    return unlessAborted(
      cache.load(this.#firstCacheKey + ordinal, () => this.#fetch(ordinal, undefined)),
      signal,
    );
  }

  /** Reads the stored bytes of the blocks `[first, end)`, past the cache. */
  async read(first: number, end: number, signal: AbortSignal | undefined): Promise<Uint8Array> {
    const start = this.#tail.index.offsetAt(first);
    const stop = this.#tail.index.endAt(end - 1);
    if (this.#source === undefined) return (this.#whole as Uint8Array).subarray(start, stop);
    return readExactly(this.#source, start, stop - start, this.#name, signal);
  }

  /** Returns a stretch that somebody holds and that has a block. */
  sharedStretch(ordinal: number): Stretch | undefined {
    for (const stretch of this.#held.keys())
      if (stretch.first <= ordinal && ordinal < stretch.end) return stretch;
    return undefined;
  }

  /** Reads the blocks `[first, end)` as {@link read} does, or joins a read that begins with the same one. */
  async readStretch(first: number, end: number, signal: AbortSignal | undefined): Promise<Stretch> {
    throwIfAborted(signal);
    let stretch = this.#stretches.get(first);
    if (stretch === undefined) {
      stretch = this.read(first, end, undefined)
        .then((bytes) => ({ first, end, bytes }))
        .finally(() => this.#stretches.delete(first));
      this.#stretches.set(first, stretch);
    }
    return unlessAborted(stretch, signal);
  }

  /** Shares a stretch with others, until its holders {@link release} it or newer ones are held. */
  hold(stretch: Stretch): void {
    this.#held.set(stretch, (this.#held.get(stretch) ?? 0) + 1);
    if (this.#held.size <= SHARED_STRETCHES_MAX) return;
    const [oldest] = this.#held.keys();
    this.#held.delete(oldest as Stretch);
  }

  /** A holder is done with a stretch. */
  release(stretch: Stretch): void {
    const holders = this.#held.get(stretch);
    if (holders === undefined) return;
    if (holders > 1) this.#held.set(stretch, holders - 1);
    else this.#held.delete(stretch);
  }

  /** Loads the blocks `[first, end)` into the cache, a stretch at a time, while `claim` grants what they weigh. */
  async loadAll(
    first: number,
    end: number,
    claim: (weight: number) => boolean,
    signal: AbortSignal | undefined,
  ): Promise<number> {
    const { index } = this.#tail;
    let loaded = 0;
    for (let at = this.#whole === undefined ? first : end; at < end; ) {
      const offset = index.offsetAt(at);
      let stop = at;
      while (
        stop < end &&
        (stop === at || index.endAt(stop) <= offset + this.readAheadBytesMax) &&
        this.resident(stop) === undefined
      ) {
        stop += 1;
      }
      if (stop === at) {
        at += 1;
        continue;
      }
      const bytes = await this.read(at, stop, signal);
      for (; at < stop; at += 1) {
        const block = this.decode(at, bytes, offset);
        if (!claim(block.weight)) return loaded;
        this.#cache?.set(this.#firstCacheKey + at, block);
        loaded += index.endAt(at) - index.offsetAt(at);
      }
    }
    return loaded;
  }

  /** Decodes a block out of `bytes`, which begin at `bytesOffset` of the file, and offers it to the cache. */
  keep(ordinal: number, bytes: Uint8Array, bytesOffset: number): Block {
    const block = this.decode(ordinal, bytes, bytesOffset);
    this.#cache?.set(this.#firstCacheKey + ordinal, block);
    return block;
  }

  /**
   * Decodes a block out of `bytes`, which begin at `bytesOffset` of the file. A `passing` one is soon let go of, and may keep
   * all of `bytes` alive until then; one that is decoded into `memory` is copied there.
   */
  decode(
    ordinal: number,
    bytes: Uint8Array,
    bytesOffset: number,
    passing = false,
    memory?: WorkMemory,
  ): Block {
    try {
      return this.#decoded(ordinal, bytes, bytesOffset, passing, memory);
    } catch (error) {
      // Whoever tries again reads again.
      this.#held.clear();
      this.#source?.distrust?.();
      throw error;
    }
  }

  /** Decodes all blocks of the whole file's bytes into the cache; nothing without one. */
  warm(bytes: Uint8Array): void {
    if (this.#cache === undefined) return;
    for (let ordinal = 0; ordinal < this.#tail.index.blocks; ordinal += 1) this.keep(ordinal, bytes, 0);
  }

  #decoded(
    ordinal: number,
    bytes: Uint8Array,
    bytesOffset: number,
    passing: boolean,
    memory: WorkMemory | undefined,
  ): Block {
    const { index, origin, timestamp } = this.#tail;
    const partition = index.partitionOf(ordinal);
    const entry = ordinal - partition.firstBlock;
    const offset = partition.offsets[entry] as number;
    const start = offset - bytesOffset;
    const length = (partition.offsets[entry + 1] as number) - offset;
    // A plain array also of a `Buffer`, so that all blocks of a process are alike to the optimiser.
    const stored = new Uint8Array(bytes.buffer, bytes.byteOffset + start, length);
    const section = decodeStoredBlock(stored, integerAt(partition.rawBytes, entry), offset, origin);
    const raw = section.bytes;
    // An uncompressed block is a view of what was read: of a larger read, keep only the block's part.
    const shared = !passing && raw.buffer === bytes.buffer && bytes !== this.#whole;
    const owned =
      shared && raw.buffer.byteLength > 2 * raw.length ? { ...section, bytes: copyBytes(raw) } : section;
    const block = decodeBlock(owned, timestamp, memory);
    checkPlace(block, index, ordinal, section);
    return block;
  }

  async #fetch(ordinal: number, signal: AbortSignal | undefined): Promise<Block> {
    const bytes = await this.read(ordinal, ordinal + 1, signal);
    return this.decode(ordinal, bytes, this.#tail.index.offsetAt(ordinal));
  }
}

/** Waits for `promise`, but no longer than until `signal` aborts. */
function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(abortedError(signal));
    signal.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
