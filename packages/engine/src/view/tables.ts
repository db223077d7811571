/**
 * Open files: their tails in memory within a budget, their blocks through the block cache.
 *
 * Invariants:
 * - A file has one number for as long as this process knows it; its blocks are cached under that number.
 * - A file that was deleted under a reader surfaces as {@link VanishedFile}, so that the read can start over on a
 *   newer view; any other damage is `CLORTHO_CORRUPT` naming the object.
 */

import { ClorthoError, isClorthoError } from '@clortho/base';
import { type BlockCache, blockCache } from '@clortho/block-cache';
import { type FileEntry, objectKey } from '@clortho/manifest';
import type { ObjectStore } from '@clortho/object-store';
import { type Block, type CollectorDefinition, Sst, type SstOpenOptions, type SstSource } from '@clortho/sst';

/** Files up to this size are kept whole when they were written here. */
const WHOLE_BYTES_MAX = 256 * 1024;
/** What a byte of a tail takes once it is decoded, roughly. */
const TAIL_WEIGHT = 4;
/** Block numbers per file in cache keys. */
const BLOCKS_PER_FILE = 2 ** 21;

/** The object of a file is gone: deleted by garbage collection, or lost. */
export class VanishedFile extends ClorthoError {
  readonly file: string;

  /** Creates the error for a file; it reads as corruption if nobody starts over. */
  constructor(file: string, cause: unknown) {
    super('CLORTHO_CORRUPT', `object is missing: object=${objectKey(file)}`, { cause });
    this.file = file;
  }
}

/** What tables need from the store. */
export interface TablesContext {
  readonly objects: ObjectStore;
  readonly cacheBytes: number;
  readonly tableBytes: number;
  /** Returns the collectors of a family, for decoding statistics. */
  collectors(family: number): readonly CollectorDefinition[];
}

/** An open file, with all its bytes if it is kept whole; such a one is decoded when it is first read. */
interface OpenFile {
  readonly sst: () => Sst;
  readonly whole: Uint8Array | undefined;
  readonly weight: number;
}

/** The open files of a store. */
export class Tables {
  readonly #context: TablesContext;
  readonly #blocks: BlockCache<Block>;
  readonly #open: BlockCache<OpenFile>;
  readonly #numbers = new Map<string, number>();
  #nextNumber = 0;

  /** Creates an empty set. */
  constructor(context: TablesContext) {
    this.#context = context;
    this.#blocks = blockCache<Block>({ bytesMax: context.cacheBytes, weigh: (block) => block.weight });
    this.#open = blockCache<OpenFile>({
      bytesMax: context.tableBytes,
      weigh: ({ weight }) => weight,
    });
  }

  /** The counters of the block cache. */
  get blockStats(): ReturnType<BlockCache<Block>['stats']> {
    return this.#blocks.stats();
  }

  /** The counters of the open files. */
  get openStats(): ReturnType<BlockCache<OpenFile>['stats']> {
    return this.#open.stats();
  }

  /** Returns the file if it is open. */
  get(file: FileEntry): Sst | undefined {
    const number = this.#numbers.get(file.id);
    return number === undefined ? undefined : this.#open.get(number)?.sst();
  }

  /** Returns the bytes of a file that is kept whole in memory: a small one that was written here lately. */
  whole(id: string): Uint8Array | undefined {
    const number = this.#numbers.get(id);
    return number === undefined ? undefined : this.#open.get(number)?.whole;
  }

  /**
   * Opens the file, or returns it if it is open.
   *
   * @throws {VanishedFile} if the object is gone; {@link ClorthoError} `CLORTHO_CORRUPT`, `CLORTHO_UNSUPPORTED`.
   */
  async open(file: FileEntry): Promise<Sst> {
    const number = this.#numberOf(file.id);
    const { sst } = await this.#open.load(number, async () => {
      const source = { read: this.#reader(file.id) };
      return openFile(await Sst.open(source, this.#options(file, number)));
    });
    return sst();
  }

  /**
   * Takes in a file that was just written, so that it is read from memory: a small one whole, whose blocks are
   * decoded when they are asked for, a large one with all its blocks. `bytes` must not change afterwards.
   */
  async adopt(file: FileEntry, bytes: Uint8Array): Promise<void> {
    const number = this.#numberOf(file.id);
    const options = this.#options(file, number);
    if (bytes.length <= WHOLE_BYTES_MAX) {
      this.#open.set(
        number,
        wholeFile(bytes, file.tailBytes, () => Sst.openBytes(bytes, options)),
      );
      return;
    }
    const read = this.#reader(file.id);
    let written: Uint8Array | undefined = bytes;
    const source: SstSource = {
      read: async (offset, length, signal) =>
        written?.subarray(offset, offset + length) ?? read(offset, length, signal),
    };
    const sst = await Sst.open(source, options);
    sst.warm(bytes);
    written = undefined;
    this.#open.set(number, openFile(sst));
  }

  /** Forgets files that no view will ask for again. */
  forget(files: Iterable<string>): void {
    for (const id of files) {
      const number = this.#numbers.get(id);
      if (number === undefined) continue;
      this.#numbers.delete(id);
      this.#open.delete(number);
      this.#blocks.deleteRange(number * BLOCKS_PER_FILE, (number + 1) * BLOCKS_PER_FILE);
    }
  }

  #numberOf(id: string): number {
    const known = this.#numbers.get(id);
    if (known !== undefined) return known;
    const number = this.#nextNumber++;
    this.#numbers.set(id, number);
    return number;
  }

  #options(file: FileEntry, number: number): SstOpenOptions {
    return {
      size: file.bytes,
      tailBytes: file.tailBytes,
      collectors: this.#context.collectors(file.family),
      cache: { cache: this.#blocks, file: number },
      name: objectKey(file.id),
      ...(file.uniform ? { timestamp: file.run } : {}),
    };
  }

  #reader(id: string): (offset: number, length: number, signal?: AbortSignal) => Promise<Uint8Array> {
    const key = objectKey(id);
    return async (offset, length, signal) => {
      try {
        return await this.#context.objects.get(key, { offset, length, signal });
      } catch (error) {
        if (isClorthoError(error, 'CLORTHO_NOT_FOUND')) throw new VanishedFile(id, error);
        if (isClorthoError(error, 'CLORTHO_INVALID')) {
          throw new ClorthoError('CLORTHO_CORRUPT', `object is shorter than expected: object=${key}`, {
            cause: error,
          });
        }
        throw error;
      }
    };
  }
}

function openFile(sst: Sst): OpenFile {
  return { sst: () => sst, whole: undefined, weight: sst.tailWeight };
}

/** Most files that are written are merged before anybody has looked into them one by one. */
function wholeFile(whole: Uint8Array, tailBytes: number, open: () => Sst): OpenFile {
  let sst: Sst | undefined;
  return { sst: () => (sst ??= open()), whole, weight: whole.length + TAIL_WEIGHT * tailBytes };
}
