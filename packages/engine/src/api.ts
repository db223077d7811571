/**
 * The types of calls and results that users of a store see.
 *
 * Invariants:
 * - Keys, values and bounds are taken as bytes or as UTF-8 strings, and copied before a call returns.
 * - Results are byte arrays that the caller owns.
 */
import type { MayMatch } from '@clortho/sst';

/** Bytes, or a string standing for its UTF-8 bytes. */
export type Bytes = Uint8Array | string;

/** A moment: integer microseconds since the Unix epoch, or a `Date` standing for its whole millisecond. */
export type Timestamp = number | Date;

/** What a commit returns: shard number to version. Pass it as `atLeast` to read one's writes anywhere. */
export type CommitToken = Readonly<Record<number, number>>;

/** What must hold of a key before the batch, or the whole batch fails with `CLORTHO_CONFLICT`. At most one of both. */
export interface PutCondition {
  /** The key has no value. */
  readonly ifAbsent?: boolean | undefined;
  /** The key's visible version has this timestamp. */
  readonly ifVersion?: number | undefined;
}

/** One operation of a batch; a later one on the same key wins. */
export type Operation =
  | ({
      readonly type: 'put';
      readonly key: Bytes;
      readonly value: Bytes;
      readonly family?: string | undefined;
    } & PutCondition)
  | { readonly type: 'del'; readonly key: Bytes; readonly family?: string | undefined }
  | {
      readonly type: 'merge';
      readonly key: Bytes;
      readonly value: Bytes;
      readonly family?: string | undefined;
    }
  | {
      readonly type: 'deleteRange';
      readonly start: Bytes;
      readonly end: Bytes;
      readonly family?: string | undefined;
    };

/** Options of every call. */
export interface CallOptions {
  /** Aborts the call with `CLORTHO_ABORTED`; a write only until its commit is sent. */
  readonly signal?: AbortSignal | undefined;
}

/** Options of a write. */
export interface WriteOptions extends CallOptions {
  /** The commit timestamp: required with external time, refused with clock time. */
  readonly timestamp?: Timestamp | undefined;
}

/** Options of {@link Store.put}. */
export interface PutOptions extends WriteOptions, PutCondition {
  readonly family?: string | undefined;
}

/** Options of {@link Store.del}. */
export interface DelOptions extends WriteOptions {
  readonly family?: string | undefined;
}

/** What a write returns, once it is durable and visible. */
export interface WriteResult {
  /** The commit timestamp in microseconds. */
  readonly timestamp: number;
  readonly token: CommitToken;
}

/** Options of every read. */
export interface ReadOptions extends CallOptions {
  readonly family?: string | undefined;
  /** Read as of this moment; the newest state by default. */
  readonly asOf?: Timestamp | undefined;
  /** See at least this commit, or everything committed anywhere before the call. */
  readonly atLeast?: CommitToken | 'latest' | undefined;
}

/** A range of keys. Bounds intersect with `prefix`. */
export interface KeyRange {
  readonly gte?: Bytes | undefined;
  readonly gt?: Bytes | undefined;
  readonly lte?: Bytes | undefined;
  readonly lt?: Bytes | undefined;
  readonly prefix?: Bytes | undefined;
}

/** A row as a scan yields it. */
export interface ScanRow {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  /** The commit timestamp of the newest version that contributed. */
  readonly timestamp: number;
}

/** Skips files and blocks by their statistics. */
export interface Prune {
  /** Tells whether a file or block with these statistics may hold rows of interest. */
  readonly mayMatch: MayMatch;
  /** Decides for each row; called with every row that was read. */
  readonly where: (row: ScanRow) => boolean;
  /** Called once when the scan ends, however it ends, with what was skipped. */
  readonly onEnd?: ((report: PruneReport) => void) | undefined;
}

/** What a pruned scan read and skipped. */
export interface PruneReport {
  filesRead: number;
  filesSkipped: number;
  blocksRead: number;
  blocksSkipped: number;
}

/** Options of a scan. */
export interface ScanOptions extends ReadOptions, KeyRange {
  readonly reverse?: boolean | undefined;
  readonly limit?: number | undefined;
  readonly prune?: Prune | undefined;
}

/** Options of {@link Store.warm}. */
export interface WarmOptions extends KeyRange, CallOptions {
  readonly family?: string | undefined;
  /** Called after every file. */
  readonly onProgress?: ((progress: WarmProgress) => void) | undefined;
}

/** What warming came to. */
export interface WarmResult {
  /** How many files the range meets. */
  readonly files: number;
  /** How many stored bytes were brought to disk, or as blocks into memory; what was there before does not count. */
  readonly bytes: number;
}

/** How far warming is. */
export interface WarmProgress extends WarmResult {
  readonly filesTotal: number;
}

/** Options of {@link Store.history}. */
export interface HistoryOptions extends CallOptions {
  readonly family?: string | undefined;
  /** Begin with the version alive at this moment; the horizon by default. */
  readonly from?: Timestamp | undefined;
  /** End below this moment. */
  readonly to?: Timestamp | undefined;
  readonly atLeast?: CommitToken | 'latest' | undefined;
}

/** One version of a key, merges resolved. */
export type HistoryEntry =
  | { readonly timestamp: number; readonly kind: 'put'; readonly value: Uint8Array }
  | { readonly timestamp: number; readonly kind: 'del'; readonly value: undefined };
