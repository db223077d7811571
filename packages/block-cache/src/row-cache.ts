/**
 * Small rows that were read lately, and for how long each is known to have been the truth.
 *
 *     buckets   [ tag place | tag place | tag place | tag place ]   by the hash of the key: four slots, next to each other
 *                                │
 *     ring      [ . . . . | since until mark … key value | since until mark … key value | . . . . ]
 *                         ▲ oldest                                                       ▲ next
 *
 * A block cache finds a row by searching: an index, a table of blocks, the keys of a block, each in memory of its own. Here it is
 * two places: what a processor waits for is not the search but the memory.
 *
 * Rows leave in the order in which they came; one that was found meanwhile goes round once more.
 *
 * Invariants:
 * - A slot points to a whole entry whose key has its hash, or to nothing.
 * - All memory is set aside with the first row, and is never more than the budget.
 */
import { ClorthoError, writeBytes } from '@clortho/base';

/** The limits of a row cache. */
export interface RowCacheOptions {
  /** The memory that it takes in all, of which it uses 1 GiB at most; 0 keeps nothing. */
  readonly bytesMax: number;
}

/** What a row cache did, and what it holds. */
export interface RowCacheStats {
  readonly hits: number;
  readonly misses: number;
  /** Rows that were taken in. */
  readonly inserted: number;
  /** Of the budget: memory that has held a row. */
  readonly bytes: number;
  readonly bytesMax: number;
}

/*
 * An entry begins at a multiple of eight bytes:
 *
 *     since f64 | until f64 | sizes u32 | hash u32 | space u32 | mark u32 | key | padding to 8 | value | padding to 8
 *     sizes: key length, 12 bits; value length, 16 bits; found since it came or went round, 1 bit
 */
const HEADER_BYTES = 32;
const SIZES = 4;
const HASH = 5;
const SPACE = 6;
const MARK = 7;
const KEY_BYTES_MAX = 0xfff;
const VALUE_BYTES_MAX = 0xffff;
const VALUE_SHIFT = 12;
const FOUND = 2 ** 28;
/** In the place of sizes: the ring goes on at its beginning. */
const WRAP = 0xffff_ffff;

/** Places are 32-bit integers, with a sign. */
const BYTES_MAX = 2 ** 30;
const SLOTS_PER_BUCKET = 4;
const WORDS_PER_SLOT = 2;
const BUCKET_WORDS = SLOTS_PER_BUCKET * WORDS_PER_SLOT;
/** How many bytes of the ring a slot is there for: fewer slots than rows would waste rows, more waste memory. */
const BYTES_PER_SLOT = 40;
/** A row takes at most this part of the ring. */
const ROW_FRACTION = 1 / 64;
/** So many rows go round for one that comes: else one call could move all of them. */
const ROUNDS_PER_PUT = 8;

/** A cache of rows by space and key; see the module. */
export class RowCache {
  /** Of the row that was found: the timestamp from which on it is known to be the truth, … */
  since = 0;
  /** … that up to which it is, … */
  until = 0;
  /** … the mark that it was put with, … */
  mark = 0;
  /** … and its value, `bytes[valueStart, valueEnd)`, which starts at a multiple of eight, until the next call. */
  valueStart = 0;
  valueEnd = 0;
  readonly #ringBytes: number;
  readonly #buckets: number;
  readonly #rowBytesMax: number;
  #slots: Uint32Array = new Uint32Array(0);
  #bytes: Uint8Array = new Uint8Array(0);
  #words: Uint32Array = new Uint32Array(0);
  #doubles: Float64Array = new Float64Array(0);
  #oldest = 0;
  #next = 0;
  #used = 0;
  #highest = 0;
  #found = -1;
  #hits = 0;
  #misses = 0;
  #inserted = 0;

  /**
   * Creates an empty cache.
   *
   * @throws {ClorthoError} `CLORTHO_INVALID` if the budget is not a safe integer from 0.
   */
  constructor({ bytesMax }: RowCacheOptions) {
    if (!Number.isSafeInteger(bytesMax) || bytesMax < 0) {
      throw new ClorthoError('CLORTHO_INVALID', `a budget is a safe integer from 0: bytesMax=${bytesMax}`);
    }
    const bytes = Math.min(bytesMax, BYTES_MAX);
    const slots = bytes / (BYTES_PER_SLOT + WORDS_PER_SLOT * 4);
    this.#buckets = slots < SLOTS_PER_BUCKET ? 0 : 2 ** Math.floor(Math.log2(slots / SLOTS_PER_BUCKET));
    this.#ringBytes =
      this.#buckets === 0 ? 0 : Math.floor((bytes - 4 * this.#buckets * BUCKET_WORDS) / 8) * 8;
    this.#rowBytesMax = Math.floor(this.#ringBytes * ROW_FRACTION);
  }

  /** The array that has the values. */
  get bytes(): Uint8Array {
    return this.#bytes;
  }
  /** The same memory as numbers: a value starts at one of them. */
  get words(): Uint32Array {
    return this.#words;
  }

  /** Looks for a row by its space and its key, whose `hashBytes` hash is `low` and `high`. Tells whether it is there. */
  find(space: number, key: Uint8Array, low: number, high: number): boolean {
    const place = this.#placeOf(space, key, low, high);
    this.#found = place;
    if (place < 0) {
      this.#misses += 1;
      return false;
    }
    this.#hits += 1;
    const word = place >>> 2;
    const sizes = this.#words[word + SIZES] as number;
    if ((sizes & FOUND) === 0) this.#words[word + SIZES] = sizes | FOUND;
    this.since = this.#doubles[place >>> 3] as number;
    this.until = this.#doubles[(place >>> 3) + 1] as number;
    this.mark = this.#words[word + MARK] as number;
    this.valueStart = valueStartOf(place, sizes);
    this.valueEnd = this.valueStart + valueLengthOf(sizes);
    return true;
  }

  /** Says of the row that was found last that it is the truth up to `until`. */
  extend(until: number): void {
    if (this.#found >= 0) this.#doubles[(this.#found >>> 3) + 1] = until;
    this.until = until;
  }

  /**
   * Takes in a copy of a row: the truth from `since` to `until`, with a mark of the caller's, an unsigned 32-bit number. It takes
   * the place of what is known of the key, which goes in any case; a row that is too large is left out.
   */
  put(
    space: number,
    key: Uint8Array,
    low: number,
    high: number,
    since: number,
    until: number,
    mark: number,
    valueBytes: Uint8Array,
    valueStart: number,
    valueEnd: number,
  ): void {
    this.#found = -1;
    const known = this.#placeOf(space, key, low, high);
    if (known >= 0) this.#clearSlot(low, known);
    const valueLength = valueEnd - valueStart;
    if (key.length > KEY_BYTES_MAX || valueLength > VALUE_BYTES_MAX) return;
    const sizes = key.length | (valueLength << VALUE_SHIFT);
    const bytes = entryBytes(sizes);
    if (bytes > this.#rowBytesMax) return;
    if (this.#bytes.length === 0) this.#allocate();
    this.#makeRoom(bytes);
    const place = this.#next;
    const word = place >>> 2;
    this.#doubles[place >>> 3] = since;
    this.#doubles[(place >>> 3) + 1] = until;
    this.#words[word + SIZES] = sizes;
    this.#words[word + HASH] = low;
    this.#words[word + SPACE] = space;
    this.#words[word + MARK] = mark;
    writeBytes(this.#bytes, place + HEADER_BYTES, key, 0, key.length);
    writeBytes(this.#bytes, valueStartOf(place, sizes), valueBytes, valueStart, valueEnd);
    this.#advance(bytes);
    this.#setSlot(low, high, place);
    this.#inserted += 1;
  }

  /** Returns counters and gauges. */
  stats(): RowCacheStats {
    return {
      hits: this.#hits,
      misses: this.#misses,
      inserted: this.#inserted,
      bytes: this.#highest + 4 * this.#slots.length,
      bytesMax: this.#ringBytes + 4 * this.#buckets * BUCKET_WORDS,
    };
  }

  #allocate(): void {
    this.#slots = new Uint32Array(this.#buckets * BUCKET_WORDS);
    const ring = new ArrayBuffer(this.#ringBytes);
    this.#bytes = new Uint8Array(ring);
    this.#words = new Uint32Array(ring);
    this.#doubles = new Float64Array(ring);
  }

  /** Returns where the entry of a key is; -1 if there is none. */
  #placeOf(space: number, key: Uint8Array, low: number, high: number): number {
    const slots = this.#slots;
    if (slots.length === 0) return -1;
    const first = this.#bucketOf(low);
    for (let slot = first; slot < first + BUCKET_WORDS; slot += WORDS_PER_SLOT) {
      const place = slots[slot + 1] as number;
      if (place > 0 && slots[slot] === high >>> 0 && this.#isOf((place - 1) * 8, space, key))
        return (place - 1) * 8;
    }
    return -1;
  }

  #isOf(place: number, space: number, key: Uint8Array): boolean {
    const word = place / 4;
    if (((this.#words[word + SIZES] as number) & KEY_BYTES_MAX) !== key.length) return false;
    if (this.#words[word + SPACE] !== space) return false;
    const bytes = this.#bytes;
    for (let index = key.length - 1, at = place + HEADER_BYTES + index; index >= 0; index -= 1, at -= 1)
      if (bytes[at] !== key[index]) return false;
    return true;
  }

  #bucketOf(low: number): number {
    return (low & (this.#buckets - 1)) * BUCKET_WORDS;
  }

  /** Points a slot to an entry: a free one, or that of the oldest of the bucket's entries, rather one that was not found. */
  #setSlot(low: number, high: number, place: number): void {
    const slots = this.#slots;
    const first = this.#bucketOf(low);
    let chosen = first;
    let least = Number.POSITIVE_INFINITY;
    for (let slot = first; slot < first + BUCKET_WORDS; slot += WORDS_PER_SLOT) {
      const taken = slots[slot + 1] as number;
      const worth = taken === 0 ? Number.NEGATIVE_INFINITY : this.#worthOf((taken - 1) * 8);
      if (worth >= least) continue;
      least = worth;
      chosen = slot;
    }
    slots[chosen] = high;
    slots[chosen + 1] = place / 8 + 1;
  }

  /** Returns a number that is the higher the later an entry came, and positive if it was found. */
  #worthOf(place: number): number {
    const later = place < this.#next ? this.#next - place : this.#next + this.#ringBytes - place;
    const wasFound = ((this.#words[place / 4 + SIZES] as number) & FOUND) !== 0;
    return (wasFound ? 2 * this.#ringBytes : 0) - later;
  }

  /** Clears the slot that points to an entry. Returns which; -1 if none does, because the entry was replaced. */
  #clearSlot(low: number, place: number): number {
    const slots = this.#slots;
    const first = this.#bucketOf(low);
    for (let slot = first; slot < first + BUCKET_WORDS; slot += WORDS_PER_SLOT) {
      if (slots[slot + 1] !== place / 8 + 1) continue;
      slots[slot + 1] = 0;
      return slot;
    }
    return -1;
  }

  /** Lets rows go until `bytes` are free from `#next` on. */
  #makeRoom(bytes: number): void {
    let rounds = ROUNDS_PER_PUT;
    for (;;) {
      if (this.#used === 0) {
        this.#oldest = 0;
        this.#next = 0;
        return;
      }
      if (this.#next > this.#oldest) {
        // Free is what lies behind the newest row, and what lies before the oldest.
        if (this.#next + bytes <= this.#ringBytes) return;
        this.#wrap();
      } else if (this.#next + bytes <= this.#oldest) return;
      else if (this.#dropOldest(rounds > 0)) rounds -= 1;
    }
  }

  /** Leaves the rest of the ring behind the newest row unused. */
  #wrap(): void {
    const rest = this.#ringBytes - this.#next;
    if (rest >= HEADER_BYTES) this.#words[this.#next / 4 + SIZES] = WRAP;
    this.#used += rest;
    this.#next = 0;
  }

  /** Takes the oldest row away, or lets it go round if it was found and `mayGoRound`; tells whether it did. Rows have wrapped. */
  #dropOldest(mayGoRound: boolean): boolean {
    const place = this.#oldest;
    const word = place / 4;
    const isEnd = this.#ringBytes - place < HEADER_BYTES || (this.#words[word + SIZES] as number) === WRAP;
    if (isEnd) {
      this.#used -= this.#ringBytes - place;
      this.#oldest = 0;
      return false;
    }
    const sizes = this.#words[word + SIZES] as number;
    const bytes = entryBytes(sizes);
    const slot = this.#clearSlot(this.#words[word + HASH] as number, place);
    this.#oldest += bytes;
    this.#used -= bytes;
    if (slot < 0 || !mayGoRound || (sizes & FOUND) === 0) return false;
    // What is free reaches from the newest row to the end of this one.
    const to = this.#next;
    this.#bytes.copyWithin(to, place, place + bytes);
    this.#words[to / 4 + SIZES] = sizes & ~FOUND;
    this.#slots[slot + 1] = to / 8 + 1;
    this.#advance(bytes);
    return true;
  }

  #advance(bytes: number): void {
    this.#next += bytes;
    this.#used += bytes;
    if (this.#next > this.#highest) this.#highest = this.#next;
  }
}

function valueLengthOf(sizes: number): number {
  return (sizes >>> VALUE_SHIFT) & VALUE_BYTES_MAX;
}

function valueStartOf(place: number, sizes: number): number {
  return (place + HEADER_BYTES + (sizes & KEY_BYTES_MAX) + 7) & ~7;
}

function entryBytes(sizes: number): number {
  return (valueStartOf(0, sizes) + valueLengthOf(sizes) + 7) & ~7;
}
