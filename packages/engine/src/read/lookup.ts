/**
 * Point lookup: all versions of one key that a read at one time can need, newest source first.
 *
 *     delta runs, newest first  ->  current  ->  history (only if nothing newer was found)
 *
 * A lookup is a state machine that runs synchronously as long as memory can answer: `step` until it is not
 * BLOCKED, awaiting `load` in between. `peek` is a lookup that gives up when blocked.
 *
 * Invariants:
 * - A read at or above every commit of the shard never looks at History.
 * - A file is opened only if its key range, its times and then its filter allow the key.
 */
import { compareBytes, type Hash64, hashBytes } from '@clortho/base';
import { type Resolved, resolveAt, VersionGroup } from '@clortho/compaction';
import type { FamilyFiles, FileEntry } from '@clortho/manifest';
import { BLOCKED, END, MERGE, ROW, type Sst, type SstCursor, type Step } from '@clortho/sst';
import type { Family } from '../catalog/family.ts';
import type { Tables } from '../view/tables.ts';
import { holdsKey, isBelowUpper } from './file-bounds.ts';
import { rangeDeletesOf } from './range-deletes.ts';
import { isSuperseded, type ReadTime } from './read-time.ts';

/** What a lookup reads. */
export interface LookupTarget {
  readonly tables: Tables;
  readonly family: Family;
  readonly files: FamilyFiles;
  readonly time: ReadTime;
}

/** One lookup at a time; {@link Lookup.start} makes it ready for the next. */
export class Lookup {
  readonly #group = new VersionGroup();
  readonly #hash: Hash64 = { low: 0, high: 0 };
  #target: LookupTarget | undefined;
  #key: Uint8Array = new Uint8Array(0);
  #tier: readonly FileEntry[] = [];
  #next = 0;
  /** The tier is sorted by lower bound: the search ends at the first one above the key. */
  #sorted = false;
  #tiersLeft = 0;
  #opening: FileEntry | undefined;
  #opened: Sst | undefined;
  #cursor: SstCursor | undefined;
  #step: Step = END;

  /** Begins the lookup of `key`, which must not change until the lookup ends. */
  start(target: LookupTarget, key: Uint8Array): void {
    this.end();
    hashBytes(key, 0, key.length, this.#hash);
    this.#target = target;
    this.#key = key;
    this.#tier = target.files.delta;
    this.#next = 0;
    this.#sorted = false;
    this.#tiersLeft = 2;
  }

  /** Goes on until the versions are complete (ROW if there are any, else END) or a load is needed (BLOCKED). */
  step(): Step {
    for (;;) {
      if (this.#cursor !== undefined && this.#readVersions(this.#cursor) === BLOCKED) return BLOCKED;
      if (this.#isSettled()) return ROW;
      const file = this.#opening ?? this.#nextFile();
      if (file === undefined) return this.#group.length > 0 ? ROW : END;
      const sst = this.#opened ?? this.#open().tables.get(file);
      if (sst === undefined) {
        this.#opening = file;
        return BLOCKED;
      }
      this.#opening = undefined;
      this.#opened = undefined;
      if (!sst.mayContain(this.#hash.low, this.#hash.high)) continue;
      this.#cursor = sst.cursor();
      this.#step = this.#cursor.seek(this.#key, this.#open().time.asOf);
    }
  }

  /** Loads what the last step was blocked on. */
  async load(signal?: AbortSignal): Promise<void> {
    if (this.#opening !== undefined) this.#opened = await this.#open().tables.open(this.#opening);
    else if (this.#cursor !== undefined) this.#step = await this.#cursor.load(signal);
  }

  /**
   * Returns what the key resolves to, BLOCKED if range deletes must be loaded first, or `undefined` if it is absent.
   */
  resolve(): Resolved | undefined | typeof BLOCKED {
    const { tables, family, files, time } = this.#open();
    if (this.#group.length === 0) return undefined;
    const rangeDeletes = rangeDeletesOf(tables, files.delta);
    if (rangeDeletes === BLOCKED) return BLOCKED;
    return resolveAt(this.#group, time.asOf, family.rulesWith(rangeDeletes), time.expiryAt);
  }

  /** Ends the lookup and lets go of what it held. */
  end(): void {
    this.#cursor?.release();
    this.#cursor = undefined;
    this.#opening = undefined;
    this.#opened = undefined;
    this.#target = undefined;
    this.#group.clear();
  }

  #open(): LookupTarget {
    if (this.#target === undefined) throw new TypeError('a lookup is started before it steps');
    return this.#target;
  }

  #isSettled(): boolean {
    const { length, kinds } = this.#group;
    return length > 0 && kinds[length - 1] !== MERGE;
  }

  #readVersions(cursor: SstCursor): Step {
    const { asOf } = this.#open().time;
    let step = this.#step;
    for (; step === ROW && this.#isOnKey(cursor); step = cursor.next()) {
      // The buckets of History are in no order: another one may hold the version that was alive.
      if (cursor.endTimestamp <= asOf) break;
      if (!this.#group.begun) this.#group.begin(cursor);
      this.#group.push(cursor);
      if (this.#isSettled()) break;
    }
    if (step === BLOCKED) {
      this.#step = BLOCKED;
      return BLOCKED;
    }
    cursor.release();
    this.#cursor = undefined;
    return END;
  }

  #isOnKey(cursor: SstCursor): boolean {
    const key = this.#key;
    if (cursor.keyEnd - cursor.keyStart !== key.length) return false;
    for (let offset = key.length - 1; offset >= 0; offset -= 1) {
      if (cursor.keyBytes[cursor.keyStart + offset] !== key[offset]) return false;
    }
    return true;
  }

  #nextFile(): FileEntry | undefined {
    const { files, time } = this.#open();
    for (;;) {
      while (this.#next < this.#tier.length) {
        const file = this.#tier[this.#next++] as FileEntry;
        if (this.#sorted && compareBytes(file.lower, this.#key) > 0) break;
        if (file.rows > 0 && this.#mayHold(file, time)) return file;
      }
      if (this.#tiersLeft === 0) return undefined;
      this.#tiersLeft -= 1;
      this.#next = 0;
      this.#sorted = false;
      if (this.#tiersLeft === 1) this.#enterCurrent(files.current);
      // A row of History ended before every version of the delta tier began: no operand is folded onto it.
      else this.#tier = time.latest || this.#group.length > 0 ? [] : files.history;
    }
  }

  /** Sets the tier to current, from the first file whose upper bound is above the key. */
  #enterCurrent(current: readonly FileEntry[]): void {
    let low = 0;
    let high = current.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (isBelowUpper(current[middle] as FileEntry, this.#key)) high = middle;
      else low = middle + 1;
    }
    this.#tier = current;
    this.#next = low;
    this.#sorted = true;
  }

  #mayHold(file: FileEntry, time: ReadTime): boolean {
    if (file.minTimestamp > time.asOf || isSuperseded(file, time.asOf)) return false;
    return holdsKey(file, this.#key);
  }
}
