/**
 * Open files: their tails in memory within a budget, their blocks through the block cache.
 *
 * Invariants:
 * - A file has one number for as long as this process knows it; its blocks are cached under that number.
 * - What is damaged is `CLORTHO_CORRUPT` naming the object; what is gone, or too short, is `stored-files.ts`'s to tell.
 */

import { type BlockCache, blockCache } from '@clortho/block-cache';
import { type FileEntry, objectKey } from '@clortho/manifest';
import { type Block, type CollectorDefinition, Sst, type SstOpenOptions, type SstSource } from '@clortho/sst';
import type { MergeRead, StoredFile, StoredFiles } from './stored-files.ts';

/** Files up to this part of the budget of open files are kept whole when they were written here. */
const WHOLE_FRACTION = 1 / 32;
/** What a byte of a tail takes once it is decoded, roughly. */
const TAIL_WEIGHT = 4;
/** Block numbers per file in cache keys. */
const BLOCKS_PER_FILE = 2 ** 21;
/** How much a scan reads at once in the end. */
const READ_AHEAD_BYTES_MAX = 1024 * 1024;

/** What tables need from the store. */
export interface TablesContext {
  readonly files: StoredFiles;
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

  /** How many bytes of blocks fit in memory without pushing out others. */
  get blockRoom(): number {
    const { bytesMax, bytes } = this.#blocks.stats();
    return bytesMax - bytes;
  }

  /** Tells whether the file is open, or can be without pushing out others. */
  hasRoomFor(file: FileEntry): boolean {
    if (this.get(file) !== undefined) return true;
    const { bytesMax, bytes } = this.#open.stats();
    return bytes + TAIL_WEIGHT * file.tailBytes <= bytesMax;
  }

  /** Reads past the block cache, for a merge: from memory where the file is kept whole, being small and written here lately. */
  async readOnce(file: StoredFile, offset: number, length: number, signal?: AbortSignal): Promise<MergeRead> {
    const number = this.#numbers.get(file.id);
    const whole = number === undefined ? undefined : this.#open.get(number)?.whole;
    if (whole !== undefined) return { bytes: whole.subarray(offset, offset + length), isNear: true };
    return this.#context.files.readOnce(file, offset, length, signal);
  }

  /** Removes what is on disk of files that a merge found damaged. */
  distrust(files: Iterable<StoredFile>): void {
    for (const file of files) this.#context.files.distrust(file);
  }

  /** Puts the output of a merge on disk, if there is a cache; it is not opened. */
  keep(file: StoredFile, bytes: Uint8Array): void {
    this.#context.files.keep(file, bytes);
  }

  /**
   * Opens the file, or returns it if it is open.
   *
   * @throws {VanishedFile} if the object is gone; {@link ClorthoError} `CLORTHO_CORRUPT`, `CLORTHO_UNSUPPORTED`.
   */
  async open(file: FileEntry): Promise<Sst> {
    const number = this.#numberOf(file.id);
    const { sst } = await this.#open.load(number, async () => {
      return openFile(await Sst.open(this.#sourceOf(file), this.#options(file, number)));
    });
    return sst();
  }

  /**
   * Takes in a file that was just written, so that it is read from memory: a small one whole, whose blocks are
   * decoded when they are asked for, a large one with all its blocks. All of it goes to disk as well, if there is a cache.
   * `bytes` must not change afterwards.
   */
  async adopt(file: FileEntry, bytes: Uint8Array): Promise<void> {
    const number = this.#numberOf(file.id);
    const options = this.#options(file, number);
    this.keep(file, bytes);
    if (bytes.length <= WHOLE_FRACTION * this.#context.tableBytes) {
      this.#open.set(
        number,
        wholeFile(bytes, file.tailBytes, () => Sst.openBytes(bytes, options)),
      );
      return;
    }
    const stored = this.#sourceOf(file);
    let written: Uint8Array | undefined = bytes;
    const source: SstSource = {
      read: async (offset, length, signal) =>
        written?.subarray(offset, offset + length) ?? stored.read(offset, length, signal),
    };
    const sst = await Sst.open(source, options);
    sst.warm(bytes);
    written = undefined;
    this.#open.set(number, openFile(sst));
  }

  /** Forgets files that no view will ask for again. */
  forget(files: readonly StoredFile[]): void {
    this.#context.files.forget(files);
    for (const { id } of files) {
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
      readAheadBytesMax: READ_AHEAD_BYTES_MAX,
      ...(file.uniform ? { timestamp: file.run } : {}),
    };
  }

  #sourceOf({ id, bytes }: FileEntry): SstSource {
    const { files } = this.#context;
    const file: StoredFile = { id, bytes };
    return {
      read: (offset, length, signal) => files.read(file, offset, length, signal),
      distrust: () => files.distrust(file),
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
