/** A scan as its caller has it: rows one by one, or chunks. */
import { ClorthoError } from '@clortho/base';
import type { PruneReport, ScanRow } from '../api.ts';
import type { RangeScan } from './range-scan.ts';
import type { ScanChunk } from './scan-chunk.ts';

/** Rows of the first chunk where no limit says how many are wanted: whoever stops after a few has not paid for many. */
const FIRST_ROWS = 4;
/** From chunk to chunk there are so many times more … */
const GROWTH = 4;
/** … up to so many. */
const CHUNK_ROWS = 1024;

/** Looks on while a scan gathers its rows. */
export interface ScanObserver {
  /** Called for every chunk that is gathered; returns what `gather` does. */
  watch(gather: () => Promise<ScanChunk | undefined>): Promise<ScanChunk | undefined>;
  /** Called once when the scan ends. */
  end(): void;
}

/** What a scan is made of. */
export interface ScanParts {
  /** Begins: called once, when the first row or chunk is asked for. */
  begin(): RangeScan | Promise<RangeScan>;
  /** How many rows are wanted, where that is known; not yet checked. */
  readonly limit?: number | undefined;
  /** Called before anything is handed out; throws if the scan may not go on. */
  check(): void;
  readonly observer?: ScanObserver | undefined;
  /** Called once when the scan ends, however it ends; with nothing if it never began. */
  onEnd(report: PruneReport | undefined): void;
}

/**
 * Rows in key order, all of one moment. Use it once: as an iterable of rows, or through {@link Scan.chunks}.
 *
 * Rows that come one after the other may share memory with each other, and with nothing else: keep copies of a few rows
 * rather than the rows, or they keep up to a thousand neighbours alive.
 */
export class Scan implements AsyncGenerator<ScanRow, undefined, undefined> {
  readonly #parts: ScanParts;
  #source: RangeScan | undefined;
  #chunk: ScanChunk | undefined;
  #row = 0;
  #rowsMax: number;
  #ended = false;
  /** The call that was made last, while it is not answered. */
  #pending: Promise<unknown> | undefined;

  /** Made by `scan` of stores, families, snapshots and transactions. */
  constructor(parts: ScanParts) {
    this.#parts = parts;
    this.#rowsMax = Math.min(parts.limit ?? FIRST_ROWS, CHUNK_ROWS);
  }

  /** Returns the next row. */
  next(): Promise<IteratorResult<ScanRow, undefined>> {
    const chunk = this.#chunk;
    if (chunk === undefined || this.#row === chunk.length || this.#pending !== undefined)
      return this.#queued(() => this.#nextRow());
    try {
      this.#parts.check();
    } catch (error) {
      return this.#queued(() => this.#fail(error));
    }
    return Promise.resolve({ value: chunk.row(this.#row++), done: false });
  }

  /**
   * Yields the rows as chunks: columns of up to about 1,000 rows, several times as fast as rows one by one. The chunks, and
   * all views of them, belong to the caller.
   *
   * @throws {ClorthoError} `CLORTHO_INVALID` if rows were read, or chunks asked for, before.
   */
  chunks(): AsyncGenerator<ScanChunk, void, undefined> {
    if (this.#source !== undefined || this.#ended || this.#pending !== undefined)
      throw new ClorthoError('CLORTHO_INVALID', 'a scan is read once, by rows or by chunks');
    return this.#chunks();
  }

  /** Ends the scan. */
  return(): Promise<IteratorResult<ScanRow, undefined>> {
    return this.#queued(async () => {
      await this.#end();
      return { value: undefined, done: true };
    });
  }

  /** Ends the scan with an error. */
  throw(error: unknown): Promise<IteratorResult<ScanRow, undefined>> {
    return this.#queued(() => this.#fail(error));
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Ends the scan. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  async *#chunks(): AsyncGenerator<ScanChunk, void, undefined> {
    try {
      for (;;) {
        const chunk = await this.#nextChunk();
        if (chunk === undefined) return;
        this.#parts.check();
        yield chunk;
      }
    } finally {
      await this.#end();
    }
  }

  /** Runs `work` after the calls that were made before, as generators do. */
  #queued<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#pending === undefined ? work() : this.#pending.then(work);
    const settled = this.#settle(result, () => this.#pending === settled);
    this.#pending = settled;
    return result;
  }

  /** Resolves when a call was answered, however; only then may calls be answered at once again, unless others wait. */
  async #settle(call: Promise<unknown>, isLast: () => boolean): Promise<void> {
    try {
      await call;
    } catch {
      // Whoever made the call is told; the next one is answered all the same.
    }
    if (isLast()) this.#pending = undefined;
  }

  async #nextRow(): Promise<IteratorResult<ScanRow, undefined>> {
    try {
      if (!this.#ended) this.#parts.check();
      if (this.#chunk === undefined || this.#row === this.#chunk.length) {
        this.#chunk = undefined;
        this.#row = 0;
        this.#chunk = await this.#nextChunk();
      }
      if (this.#chunk !== undefined) {
        this.#parts.check();
        return { value: this.#chunk.row(this.#row++), done: false };
      }
    } catch (error) {
      return this.#fail(error);
    }
    await this.#end();
    return { value: undefined, done: true };
  }

  async #nextChunk(): Promise<ScanChunk | undefined> {
    if (this.#ended) return undefined;
    const { observer } = this.#parts;
    return observer === undefined ? this.#gather() : observer.watch(() => this.#gather());
  }

  async #gather(): Promise<ScanChunk | undefined> {
    this.#source ??= await this.#parts.begin();
    const rowsMax = this.#rowsMax;
    this.#rowsMax = Math.min(rowsMax * GROWTH, CHUNK_ROWS);
    return this.#source.next(rowsMax);
  }

  async #fail(error: unknown): Promise<never> {
    await this.#end();
    throw error;
  }

  async #end(): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    this.#chunk = undefined;
    await this.#source?.close();
    this.#parts.observer?.end();
    this.#parts.onEnd(this.#source?.report);
  }
}
