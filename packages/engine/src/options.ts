/** The options of a store and of its families, with their defaults. */
import type { Clock, Random } from '@clortho/base';
import type { CacheFileSystem, DiskCacheEvent } from '@clortho/block-cache';
import type { CollectorReference, FilterReference, OperatorReference } from '@clortho/compaction';
import type { ObjectStore, S3Credentials } from '@clortho/object-store';
import type { RegisterStore } from '@clortho/registers';
import type { CodecName } from '@clortho/sst';
import type { Bytes, Timestamp } from './api.ts';
import type { FailingPlace } from './maintenance/failing-places.ts';

/** Where the timestamps of a store come from; fixed at creation. */
export type TimeMode = 'clock' | 'external';

/** `kv` keeps the newest version apart from history; `log` groups by arrival and never rewrites. */
export type FamilyKind = 'kv' | 'log';

/** How a family of kind `log` is cut and how long it is kept. */
export interface LogOptions {
  /** The width of an arrival window; one day by default. */
  readonly windowMs?: number | undefined;
  /** Rows older than this, measured from the last commit, are expired by whole files. Kept by default. */
  readonly retainMs?: number | undefined;
  /** The oldest files beyond this size are expired. Kept by default. */
  readonly retainBytes?: number | undefined;
}

/**
 * How much history a family of kind `kv` keeps: what any of the three keeps. Reads below `keepMs` and `since` throw;
 * snapshots keep what they see. The horizon follows in steps, so somewhat more is kept at any moment.
 */
export interface RetentionOptions {
  /** What was alive this long before the shard's last commit, or later. */
  readonly keepMs?: number | undefined;
  /** What was alive at this time, or later. */
  readonly since?: Timestamp | undefined;
  /**
   * So many of the newest versions of every key: `history` lists them however old they are. Alone, it keeps the past
   * readable for nobody else: the horizon follows the last commit.
   */
  readonly versions?: number | undefined;
}

/** The options of a column family. What is remembered cannot be contradicted later. */
export interface FamilyOptions {
  /** `kv` by default. Remembered. */
  readonly kind?: FamilyKind | undefined;
  /** The merge operator. Its name and version are remembered; pass a custom one at every open. */
  readonly merge?: OperatorReference | undefined;
  /** Statistics kept for files and blocks. Names and versions are remembered; pass custom ones at every open. */
  readonly statistics?: readonly CollectorReference[] | undefined;
  /** Rows are invisible this long after their commit. Remembered. */
  readonly ttlMs?: number | undefined;
  /**
   * Says of every row until when it is there, for reads and compaction alike. Its name and version are remembered; pass it
   * at every open. For families of kind `kv` without `merge`.
   */
  readonly filter?: FilterReference | undefined;
  /**
   * Compaction may give rows at or below the horizon a common, later timestamp, also at or below it: files get smaller,
   * and `ifVersion` may fail for a row that was not changed. Not by default. Remembered.
   */
  readonly forgetTimestamps?: boolean | undefined;
  /** How blocks are compressed: `lz4` by default. Remembered; files of any codec stay readable. */
  readonly codec?: CodecName | undefined;
  /** For families of kind `kv`; all history is kept by default. Remembered. */
  readonly retention?: RetentionOptions | undefined;
  /** For families of kind `log`. Remembered. */
  readonly log?: LogOptions | undefined;
}

/** The options of {@link open}. */
export interface OpenOptions {
  /** `ifMissing` by default; `never` fails with `CLORTHO_NOT_FOUND`, `new` fails if the store exists. */
  readonly create?: 'ifMissing' | 'never' | 'new' | undefined;
  /** Refuse every write and do no background work. */
  readonly readOnly?: boolean | undefined;
  /** At creation: `clock` by default. */
  readonly time?: TimeMode | undefined;
  /** At creation: how many shards (splits of the first key byte), or their split keys. One by default. */
  readonly shards?: number | readonly Bytes[] | undefined;
  /** Families that are created if missing, and the functions of those that exist. */
  readonly families?: Readonly<Record<string, FamilyOptions>> | undefined;

  /** Replace what the URL names. The caller closes them. */
  readonly objects?: ObjectStore | undefined;
  readonly registers?: RegisterStore | undefined;
  readonly clock?: Clock | undefined;
  readonly random?: Random | undefined;
  /** For `s3:` URLs, in place of the usual AWS environment. */
  readonly aws?: AwsOptions | undefined;

  /** How old a view may be before others' commits are fetched; 1,000 by default. */
  readonly refreshMs?: number | undefined;
  /** Memory for decoded blocks, of which an eighth is for rows that were read lately; 256 MiB by default. */
  readonly cacheBytes?: number | undefined;
  /** Memory for open files (indexes and filters); 64 MiB by default. */
  readonly tableBytes?: number | undefined;
  /**
   * Keeps what was read and written on a local disk as well, across restarts. Off by default. A disk that fails is a
   * cache that is empty, and an event.
   */
  readonly diskCache?: DiskCacheSettings | undefined;
  /** Bytes of accepted writes that may wait for a commit; more wait in `write`. 64 MiB by default. */
  readonly queueBytes?: number | undefined;
  /** How long `close` waits for what was accepted and what is under way; 120,000 by default. */
  readonly closeMsMax?: number | undefined;
  /** `auto` compacts in the background; `manual` only in `compact()`. `auto` by default. */
  readonly compaction?: 'auto' | 'manual' | undefined;
  /** Called with what an operator should know of; must not throw. `stats()` has the same facts. */
  readonly onEvent?: ((event: StoreEvent) => void) | undefined;
  /** Tuning; the defaults are meant to be right. */
  readonly tuning?: Tuning | undefined;
}

/** A cache on disk for bytes of the object store; see {@link OpenOptions.diskCache}. */
export interface DiskCacheSettings {
  /** On a local disk; made if missing. Stores and processes with an equal `bytesMax` may share it. */
  readonly directory: string;
  /** The most that it takes, as one sparse file; 10 GiB by default. 0 removes the file and caches nothing. */
  readonly bytesMax?: number | undefined;
  /** The file system that the directory is of; that of the machine by default. */
  readonly files?: CacheFileSystem | undefined;
}

/** What an operator should know of; each is told once until its contrary happens. Reads and writes go on. */
export type StoreEvent =
  /** Compaction of a family of a shard has failed several times in a row, or works again. */
  | { readonly type: 'compactionFailing' | 'compactionRecovered'; readonly place: FailingPlace }
  /** The cache on disk cannot be read or written, or can again, or held what was not usable: see {@link DiskCacheEvent}. */
  | { readonly type: 'diskCache'; readonly kind: DiskCacheEvent['kind']; readonly cause?: unknown }
  /** An object that the store references is gone, or shorter than it was. Reads that need it fail. */
  | { readonly type: 'objectLost'; readonly object: string; readonly cause: unknown };

/** How to reach AWS, or a server that speaks its protocols. */
export interface AwsOptions {
  readonly region?: string | undefined;
  /** For S3; `AWS_ENDPOINT_URL_S3` or `AWS_ENDPOINT_URL` by default. */
  readonly s3Endpoint?: string | undefined;
  /** For DynamoDB; `AWS_ENDPOINT_URL_DYNAMODB` or `AWS_ENDPOINT_URL` by default. */
  readonly dynamoDbEndpoint?: string | undefined;
  /**
   * Keys, or a function that returns some: it is called before the first request, and again after a service refused what
   * it returned. Both services take the same keys.
   */
  readonly credentials?: S3Credentials | (() => Promise<S3Credentials>) | undefined;
  /** Some S3 gateways compare ETags without their quotes. */
  readonly unquotedEtags?: boolean | undefined;
}

/** Sizes that tests make small. */
export interface Tuning {
  /** Raw bytes of a data block; 32 KiB. */
  readonly blockBytes?: number | undefined;
  /** The size at which compaction begins a new file; 32 MiB. */
  readonly fileBytes?: number | undefined;
  /** Runs that a delta tier may hold before the newest are merged with each other; 6. */
  readonly deltaRuns?: number | undefined;
  /** The width of the newest History buckets; one hour. */
  readonly historyBucketMs?: number | undefined;
  /** Runs that a delta tier may hold before they are merged into base whatever their size; 32. */
  readonly runsMax?: number | undefined;
  /** Merges into base of more than this are cut in keys into parts of about this size; 256 MiB. */
  readonly partBytes?: number | undefined;
  /** Jobs of compaction that run at the same time; 3. Of several, one is kept for small merges of what was just written. */
  readonly jobs?: number | undefined;
  /**
   * From so many runs in the delta tier of a family of a shard on, commits to it are delayed, or stopped: 7 and 11 of a `kv`
   * family. Of a log, only runs that are due to be merged count: 64 and 256. Where no merge is due, nothing waits.
   */
  readonly runsSoft?: number | undefined;
  readonly runsHard?: number | undefined;
  /** The same by the bytes of runs that were never merged; 512 MiB and 2 GiB. */
  readonly debtBytesSoft?: number | undefined;
  readonly debtBytesHard?: number | undefined;
  /** Edits that a shard's head holds before they are folded into a checkpoint; 16. */
  readonly tailEdits?: number | undefined;
  /** Bytes that compaction may read and write per second, all jobs together. Not limited by default. */
  readonly bytesPerSecond?: number | undefined;
  /** Files from a commit of at least this size, with keys of their own, go into base without a merge; 8 MiB. */
  readonly moveBytes?: number | undefined;
  /** Worker threads of compaction; one less than there are processors, 3 at most. Zero compacts on the caller's thread. */
  readonly threads?: number | undefined;
}
