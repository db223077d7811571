/** What may happen to a family of files, as plain data. */

/** The keys of the world, in order. */
export const KEYS: readonly string[] = ['a', 'b', 'c', 'd'];

/** How a process chooses what to compact. */
export type Choice =
  /** What the strategy of kv families finds due. */
  | { readonly by: 'strategy' }
  /** What an explicit compaction does next. */
  | { readonly by: 'manual'; readonly full: boolean }
  /** Whatever the rules allow, due or not. */
  | { readonly by: 'delta'; readonly first: number; readonly count: number }
  | { readonly by: 'base'; readonly count: number; readonly keys?: KeySpan | undefined }
  | { readonly by: 'history'; readonly window: number }
  | { readonly by: 'drop' }
  | { readonly by: 'move' };

/** The first and the last key, in any order. */
export type KeySpan = readonly [number, number];

/** What happens to the family. */
export type WorldStep =
  | {
      readonly type: 'commit';
      /** How far the timestamp lies beyond the lowest possible one. */
      readonly gap: number;
      readonly range: KeySpan | undefined;
      readonly rows: readonly (readonly [key: number, kind: 'put' | 'del' | 'merge'])[];
    }
  /** A time beyond the last commit of a shard is closed, as a read of it does. */
  | { readonly type: 'close'; readonly shard: number; readonly gap: number }
  | { readonly type: 'horizon'; readonly shard: number; readonly step: number }
  /** A snapshot of a time at or above the horizon; `narrow` ends the oldest of those that are taken slowly. */
  | { readonly type: 'pin'; readonly shard: number; readonly at: number; readonly slowly?: boolean }
  | { readonly type: 'narrow' }
  | { readonly type: 'unpin'; readonly index: number }
  | { readonly type: 'split'; readonly shard: number; readonly key: number };

/** Where a process looks, and for what. */
interface Look {
  readonly process: number;
  readonly shard: number;
  readonly choice: Choice;
}

/** What a process does that compacts. */
export type ProcessStep =
  /** It looks at a shard and begins a job; slowly: `begin` does. If it is stale, its view is what it last saw. */
  | (Look & { readonly type: 'look'; readonly slowly?: boolean; readonly isStale?: boolean })
  /** It moves the horizon, then looks. */
  | (Look & { readonly type: 'truncate'; readonly step: number })
  /** It looks, begins and finishes at once. */
  | (Look & { readonly type: 'compact' })
  | { readonly type: 'begin'; readonly process: number }
  | { readonly type: 'finish'; readonly process: number; readonly job: number }
  | { readonly type: 'fail'; readonly process: number; readonly job: number }
  /** It ends without a word, and begins again from what was committed. */
  | { readonly type: 'reopen'; readonly process: number }
  | { readonly type: 'refresh'; readonly process: number };

/** Numbers are taken modulo what there is, so that shrinking keeps every step meaningful. */
export type Step = WorldStep | ProcessStep;

/** The family and how its files are cut and chosen. */
export interface Setting {
  /** Microseconds that a row lives; for ever if absent. */
  readonly ttl: number | undefined;
  /** The size from which on an output ends, for every other job: 1 makes one file per key. */
  readonly fileBytes: readonly [number, number];
  /** Of the strategies: so many runs of a level are merged, and more than so many go into base. */
  readonly deltaRuns: number;
  readonly runsMax: number;
  /** From this size on, delta goes into base. */
  readonly baseBytes: number;
  /** From this size on, a merge into base is cut in keys. */
  readonly partBytes: number;
  /** From this size on, files with keys of their own move; never, if absent. */
  readonly moveBytes?: number | undefined;
  /** What else the family asks for; nothing, if absent. */
  readonly keeps?: Keeps | undefined;
}

/** A row filter, the newest versions for histories, or one timestamp for all that is old. */
export type Keeps = 'what a filter keeps' | 'versions' | 'no timestamps';

/** So many versions are kept where versions are. */
export const VERSIONS = 2;

/** What happens to one family. */
export interface Schedule {
  readonly setting: Setting;
  readonly steps: readonly Step[];
}
