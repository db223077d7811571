/**
 * Open files: their tails in memory within a budget, their blocks through the block cache.
 *
 * Invariants:
 * - A file has one number for as long as this process knows it; its blocks are cached under that number.
 * - A file that was deleted under a reader surfaces as {@link VanishedFile}, so that the read can start over on a
 *   newer view; any other damage is `CLORTHO_CORRUPT` naming the object.
 */
import { type BlockCache, blockCache } from '@clortho/block-cache';
import { ClorthoError, isClorthoError } from '@clortho/base';
import { type FileEntry, objectKey } from '@clortho/manifest';
import type { ObjectStore } from '@clortho/object-store';
import { type Block, type CollectorDefinition, Sst, type SstOpenOptions, type SstSource } from '@clortho/sst';

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

/** The open files of a store. */
export class Tables {
  readonly #context: TablesContext;
  readonly #blocks: BlockCache<Block>;
  readonly #open: BlockCache<Sst>;
  readonly #numbers = new Map<string, number>();
  #nextNumber = 0;

  /** Creates an empty set. */
  constructor(context: TablesContext) {
    this.#context = context;
    this.#blocks = blockCache<Block>({ bytesMax: context.cacheBytes, weigh: (block) => block.weight });
    this.#open = blockCache<Sst>({ bytesMax: context.tableBytes, weigh: (sst) => sst.tailWeight });
  }

  /** The counters of the block cache. */
  get blockStats(): ReturnType<BlockCache<Block>['stats']> {
    return this.#blocks.stats();
  }

  /** The counters of the open files. */
  get openStats(): ReturnType<BlockCache<Sst>['stats']> {
    return this.#open.stats();
  }

  /** Returns the file if it is open. */
  get(file: FileEntry): Sst | undefined {
    const number = this.#numbers.get(file.id);
    return number === undefined ? undefined : this.#open.get(number);
  }

  /**
   * Opens the file, or returns it if it is open.
   *
   * @throws {VanishedFile} if the object is gone; {@link ClorthoError} `CLORTHO_CORRUPT`, `CLORTHO_UNSUPPORTED`.
   */
  open(file: FileEntry): Promise<Sst> {
    const number = this.#numberOf(file.id);
    return this.#open.load(number, () => {
      const source = { read: this.#reader(file.id) };
      return Sst.open(source, this.#options(file, number));
    });
  }

  /** Takes in a file that was just written, with its blocks, so that it is read from memory. */
  async adopt(file: FileEntry, bytes: Uint8Array): Promise<void> {
    const number = this.#numberOf(file.id);
    let written: Uint8Array | undefined = bytes;
    const read = this.#reader(file.id);
    const source: SstSource = {
      read: (offset, length, signal) =>
        written === undefined ? read(offset, length, signal) : Promise.resolve(written.subarray(offset, offset + length)),
    };
    const sst = await Sst.open(source, this.#options(file, number));
    sst.warm(bytes);
    written = undefined;
    this.#open.set(number, sst);
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
          throw new ClorthoError('CLORTHO_CORRUPT', `object is shorter than expected: object=${key}`, { cause: error });
        }
        throw error;
      }
    };
  }
}
