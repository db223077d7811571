/**
 * The bytes of stored files, from the nearest place that has them.
 *
 *     read       for readers   disk ── else ──▶ GET of whole pages, which stay on disk
 *     readOnce   for merges    disk ── else ──▶ GET of the range, which stays nowhere
 *     keep       what was just written: to disk, when there is time
 *
 * Without a cache on disk, every read is a GET of the range.
 *
 * Invariants:
 * - The disk saves requests and changes no answer: what it cannot give comes from the object store, whose errors are the
 *   ones that callers see.
 * - Names on disk begin with the id of the store, so that stores may share a directory.
 * - An object that is gone surfaces as {@link VanishedFile}, so that a read can start over on a newer view; one that came
 *   back short as `CLORTHO_CORRUPT` naming it.
 */
import { type Clock, ClorthoError, isClorthoError } from '@clortho/base';
import type { DiskCache, DiskCacheStats } from '@clortho/block-cache';
import { type FileEntry, objectKey } from '@clortho/manifest';
import type { ObjectStore } from '@clortho/object-store';
import { abortable } from '../commit/abortable.ts';
import { finishesWithin } from '../finishes-within.ts';
import type { StoreEvent } from '../options.ts';

/** Which object, and how long it is. */
export type StoredFile = Pick<FileEntry, 'id' | 'bytes'>;

/** The object of a file is gone: deleted by garbage collection, or lost. */
export class VanishedFile extends ClorthoError {
  readonly file: string;

  /** Creates the error for a file; it reads as corruption if nobody starts over. */
  constructor(file: string, cause: unknown) {
    super('CLORTHO_CORRUPT', `object is missing: object=${objectKey(file)}`, { cause });
    this.file = file;
  }
}

/** What stored files need. */
export interface StoredFilesContext {
  readonly objects: ObjectStore;
  /** The id of the store. */
  readonly store: string;
  readonly disk?: DiskCache | undefined;
  readonly onEvent?: ((event: StoreEvent) => void) | undefined;
}

/** What was read for a merge, and whether it was on disk. */
export interface MergeRead {
  readonly bytes: Uint8Array;
  readonly isNear: boolean;
}

/** How long pages that wait to be written keep a store from being closed. */
const SETTLE_MS_MAX = 10_000;

/** See the module. */
export class StoredFiles {
  readonly #context: StoredFilesContext;
  readonly #toldLost = new Set<string>();
  /** Files that are being removed from disk: who wants them meanwhile waits, and finds nothing there. */
  readonly #leaving = new Map<string, Promise<void>>();

  /** Borrows the object store, and takes over the disk. */
  constructor(context: StoredFilesContext) {
    this.#context = context;
  }

  /** The counters of the cache on disk, if there is one. */
  get diskStats(): DiskCacheStats | undefined {
    return this.#context.disk?.stats();
  }

  /** How many bytes {@link warm} may bring to disk; 0 while it takes none in, or there is none. */
  get diskRoom(): number {
    const stats = this.diskStats;
    return stats?.state === 'on' ? stats.fileBytes : 0;
  }

  /** Returns exactly `length` bytes, and keeps what had to be fetched on disk. */
  async read(file: StoredFile, offset: number, length: number, signal?: AbortSignal): Promise<Uint8Array> {
    const { disk } = this.#context;
    if (disk === undefined) return this.#get(file.id, offset, length, signal);
    await this.#leaving.get(file.id);
    // Whoever waits for the same page shares the fetch, so none of them may cancel it.
    const fetch = (from: number, bytes: number): Promise<Uint8Array> => this.#get(file.id, from, bytes);
    try {
      return await abortable(disk.read(this.#cached(file), offset, length, fetch), signal);
    } catch (error) {
      if (error instanceof VanishedFile || !isClorthoError(error, 'CLORTHO_CORRUPT')) throw error;
      // A page is more than was asked for: the object may be whole where it matters.
      return this.#get(file.id, offset, length, signal);
    }
  }

  /** Returns exactly `length` bytes that nobody will ask for again. */
  async readOnce(file: StoredFile, offset: number, length: number, signal?: AbortSignal): Promise<MergeRead> {
    await this.#leaving.get(file.id);
    const found = await this.#context.disk?.get(this.#cached(file), offset, length);
    if (found !== undefined) return { bytes: found, isNear: true };
    return { bytes: await this.#get(file.id, offset, length, signal), isNear: false };
  }

  /** Puts a file that was just written on disk, when there is time. `bytes` must not change any more. */
  keep(file: StoredFile, bytes: Uint8Array): void {
    void this.#context.disk?.put(this.#cached(file), 0, bytes).catch(ignoreClosed);
  }

  /** Brings a range of a file to disk and returns how many bytes were fetched for it. */
  async warm(
    file: StoredFile,
    { offset, bytes: length }: { readonly offset: number; readonly bytes: number },
    signal?: AbortSignal,
  ): Promise<number> {
    let fetched = 0;
    const fetch = async (from: number, count: number): Promise<Uint8Array> => {
      const bytes = await this.#get(file.id, from, count);
      fetched += bytes.length;
      return bytes;
    };
    await this.#leaving.get(file.id);
    await this.#context.disk?.warm(this.#cached(file), fetch, { offset, length, signal });
    return fetched;
  }

  /** Removes files from disk that no view will ask for again. */
  forget(files: Iterable<StoredFile>): void {
    for (const file of files) {
      this.#toldLost.delete(file.id);
      this.distrust(file);
    }
  }

  /** Removes what is on disk of a file whose bytes were found damaged: they were so when they came. */
  distrust(file: StoredFile): void {
    const { disk } = this.#context;
    if (disk === undefined || this.#leaving.has(file.id)) return;
    const left = disk
      .delete(this.#cached(file))
      .catch(ignoreClosed)
      .finally(() => this.#leaving.delete(file.id));
    this.#leaving.set(file.id, left);
  }

  /** Tells, once, of an object that the store needs and that is gone or too short. */
  tellLost(id: string, cause: unknown): void {
    if (this.#toldLost.has(id)) return;
    this.#toldLost.add(id);
    this.#context.onEvent?.({ type: 'objectLost', object: objectKey(id), cause });
  }

  /** Writes what waits for the disk, as far as that does not take long, and closes the cache on it. */
  async close(clock: Clock): Promise<void> {
    const { disk } = this.#context;
    if (disk === undefined) return;
    await finishesWithin(clock, SETTLE_MS_MAX, disk.settled());
    await disk.close();
  }

  #cached({ id, bytes }: StoredFile): { readonly name: string; readonly bytes: number } {
    return { name: `${this.#context.store}/${objectKey(id)}`, bytes };
  }

  async #get(id: string, offset: number, length: number, signal?: AbortSignal): Promise<Uint8Array> {
    let cause: unknown;
    try {
      const bytes = await this.#context.objects.get(objectKey(id), { offset, length, signal });
      if (bytes.length === length) return bytes;
    } catch (error) {
      if (isClorthoError(error, 'CLORTHO_NOT_FOUND')) throw new VanishedFile(id, error);
      if (!isClorthoError(error, 'CLORTHO_INVALID')) throw error;
      cause = error;
    }
    const short = new ClorthoError(
      'CLORTHO_CORRUPT',
      `object is shorter than expected: object=${objectKey(id)} offset=${offset} length=${length}`,
      { cause },
    );
    this.tellLost(id, short);
    throw short;
  }
}

/** Every other failure of the disk is a miss; what was written or forgotten while the store closed is nobody's loss. */
function ignoreClosed(error: unknown): void {
  if (!isClorthoError(error, 'CLORTHO_CLOSED')) throw error;
}
