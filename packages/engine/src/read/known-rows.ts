/**
 * Values that were read lately, and when they are known to have been the truth: facts about the past, which never change.
 *
 *     key k      put 10 ........................ read at 20 ─────────▶ "k is this from 10 up to 20"
 *     read at 15                                                       answered
 *     read at 30, no run of delta has anything above 20                answered, and known up to 30
 *                 that could be k's
 *     read at 30, runs were merged into base meanwhile                 not known: the delete that ended it may be gone
 *
 * Invariants:
 * - What is known is what a lookup would find. A family whose rows end by themselves (a time to live, a filter, a log) is left out.
 * - The states of a family's files form a chain for as long as commits add runs to delta and merges replace runs by runs: merges
 *   of runs keep the newest version of every key, deletes above all, and range deletes. So along a chain, what was committed after
 *   a read of the newest state shows in delta.
 */
import { type Hash64, hashBytes } from '@clortho/base';
import { RowCache, type RowCacheStats } from '@clortho/block-cache';
import type { Resolved } from '@clortho/compaction';
import { type Edit, type FamilyFiles, NO_FILES, type ShardState } from '@clortho/manifest';
import type { Family } from '../catalog/family.ts';
import type { StoreView } from '../view/store-view.ts';
import { holdsKey } from './file-bounds.ts';
import type { LookupTarget } from './lookup.ts';
import { valueOfWords } from './value-of.ts';

/** The mark of what may not be carried on. */
const NO_CHAIN = 0;
/** Larger values are not worth a copy: to find them is the least of what a read does. */
const VALUE_BYTES_MAX = 4096;

/** See the module. */
export class KnownRows {
  readonly #rows: RowCache;
  readonly #hash: Hash64 = { low: 0, high: 0 };
  readonly #chains = new WeakMap<FamilyFiles, number>();
  #nextChain = NO_CHAIN + 1;
  /** The files that were asked about last, their chain, and the newest timestamp of their delta tier. */
  #files: FamilyFiles = NO_FILES;
  #chain = NO_CHAIN;
  #newest = 0;

  /** Knows nothing yet, and will take `bytesMax` bytes of memory at most. */
  constructor(bytesMax: number) {
    this.#rows = new RowCache({ bytesMax });
  }

  /** The counters of the cache. */
  get stats(): RowCacheStats {
    return this.#rows.stats();
  }

  /** Returns the value of a key, which the caller owns, if it is known; `undefined` says nothing. */
  get(target: LookupTarget, key: Uint8Array): Uint8Array | undefined {
    if (!isSteady(target.family)) return undefined;
    const rows = this.#rows;
    const { low, high } = this.#hashOf(key);
    if (!rows.find(target.family.record.number, key, low, high)) return undefined;
    const { asOf } = target.time;
    if (asOf < rows.since || (asOf > rows.until && !this.#holdsUpTo(target, key))) return undefined;
    return valueOfWords(rows.words, rows.bytes, rows.valueStart, rows.valueEnd);
  }

  /** Takes in what a lookup of a key came to. */
  note({ family, files, time }: LookupTarget, key: Uint8Array, resolved: Resolved): void {
    const { timestamp, valueBytes, valueStart, valueEnd } = resolved;
    if (!isSteady(family) || valueEnd - valueStart > VALUE_BYTES_MAX) return;
    const { low, high } = this.#hashOf(key);
    const chain = time.latest ? this.#chainOf(files) : NO_CHAIN;
    const space = family.record.number;
    this.#rows.put(space, key, low, high, timestamp, time.asOf, chain, valueBytes, valueStart, valueEnd);
  }

  /** Looks at a change of the view, to tell which of the files that it leads to continue a chain. */
  follow(before: StoreView, after: StoreView): void {
    const states = new Map<number, ShardState>();
    for (const state of before.shards) states.set(state.head.shard, state);
    for (const state of after.shards) {
      const known = states.get(state.head.shard);
      if (known === undefined || known.files === state.files) continue;
      const edits = editsSince(known, state);
      if (edits === undefined) continue;
      for (const [family, next] of state.files) {
        const last = known.files.get(family);
        if (last === undefined || last === next) continue;
        if (edits.every((edit) => keepsRuns(edit, family))) this.#chains.set(next, this.#chainOf(last));
      }
    }
  }

  /** Tells whether the row that was found last is still the truth at the time of the target, and notes that. */
  #holdsUpTo({ tables, files, time }: LookupTarget, key: Uint8Array): boolean {
    const rows = this.#rows;
    const { mark, until } = rows;
    if (mark === NO_CHAIN || mark !== this.#chainOf(files)) return false;
    if (this.#newest <= until) return true;
    const { low, high } = this.#hash;
    for (const file of files.delta) {
      if (file.maxTimestamp <= until || !holdsKey(file, key)) continue;
      if (file.rangeDeletes > 0) return false;
      const sst = tables.get(file);
      if (sst === undefined || sst.mayContain(low, high)) return false;
    }
    rows.extend(time.asOf);
    return true;
  }

  #chainOf(files: FamilyFiles): number {
    if (files === this.#files) return this.#chain;
    let chain = this.#chains.get(files);
    if (chain === undefined) {
      chain = this.#nextChain++;
      this.#chains.set(files, chain);
    }
    this.#files = files;
    this.#chain = chain;
    this.#newest = files.delta.reduce((newest, file) => Math.max(newest, file.maxTimestamp), 0);
    return chain;
  }

  #hashOf(key: Uint8Array): Hash64 {
    hashBytes(key, 0, key.length, this.#hash);
    return this.#hash;
  }
}

/** Tells whether a row of the family stays until another one takes its place. */
function isSteady({ record }: Family): boolean {
  return record.kind === 'kv' && record.ttlMs === 0 && record.filter === undefined;
}

/** Returns the edits that led from one state of a shard to a later one, or `undefined` if the later one does not have them all. */
function editsSince(before: ShardState, { head }: ShardState): readonly Edit[] | undefined {
  const count = head.version - before.head.version;
  return count >= 0 && count <= head.tail.length ? head.tail.slice(head.tail.length - count) : undefined;
}

/** Tells whether what delta has of a family is there after an edit as well, in the same runs, in others, or beside new ones. */
export function keepsRuns({ added, removed }: Edit, family: number): boolean {
  const came = added.filter((file) => file.family === family && file.tier !== 'history');
  const went = removed.filter((file) => file.family === family && file.tier !== 'history');
  if ([...came, ...went].some(({ tier }) => tier !== 'delta')) return false;
  // A merge into base of a range leaves parts of its inputs, which are the same files.
  const ids = new Set(went.map(({ id }) => id));
  return went.length === 0 || (came.length > 0 && !came.some(({ id }) => ids.has(id)));
}
