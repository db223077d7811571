/**
 * The object-store interface: immutable blobs under string keys.
 *
 * Object stores are trusted for bytes, never for coordination: what is visible, and in which order, is
 * decided in registers.
 *
 * Invariants:
 * - A blob is all there or not there; a key that was written is never written with other bytes.
 * - Keys are UTF-8 strings of 1 to 1,024 bytes made of segments joined by `/`; no segment is empty, `.` or `..`.
 * - Listings are in unsigned byte order of the UTF-8 key.
 */

/** Options of every call. */
export interface CallOptions {
  /** Aborts the call: it rejects with `CLORTHO_ABORTED`. A write may still take effect. */
  readonly signal?: AbortSignal | undefined;
}

/** Options of {@link ObjectStore.put}. */
export interface PutOptions extends CallOptions {
  /** Fail with `CLORTHO_CONFLICT` if the key exists, instead of replacing it. */
  readonly ifAbsent?: boolean | undefined;
}

/** Options of {@link ObjectStore.get}: which bytes. */
export interface GetOptions extends CallOptions {
  /** The first byte; 0 by default. */
  readonly offset?: number | undefined;
  /** How many bytes; to the end by default. Fewer come back only where the blob ends. */
  readonly length?: number | undefined;
}

/** Options of {@link ObjectStore.list}. */
export interface ListOptions extends CallOptions {
  /** List only keys above this one. */
  readonly after?: string | undefined;
}

/** One blob of a listing. */
export interface ObjectEntry {
  readonly key: string;
  /** The size in bytes. */
  readonly bytes: number;
}

/** What a store was asked since it was opened: calls that reached the backend, and payload bytes. */
export interface ObjectCounters {
  puts: number;
  gets: number;
  heads: number;
  deletes: number;
  lists: number;
  bytesPut: number;
  bytesGot: number;
  /** Second requests sent because the first took long, if the backend sends any; part of `gets`. */
  hedges?: number;
  /** Second requests that were answered before the first. */
  hedgesWon?: number;
}

/** Immutable blobs. All calls may run concurrently. */
export interface ObjectStore {
  /** Names the place for messages, without credentials: `memory:`, `file:/data`, `s3://bucket/prefix`. */
  readonly name: string;
  /** Live counters; read-only for callers. */
  readonly counters: Readonly<ObjectCounters>;
  /**
   * Whether nothing reads the bytes of a put any more once that has resolved, not even what is left of an attempt that failed: then
   * their memory may be written to. Not so where they are sent over a network: a request that was refused early may still be on its way.
   */
  readonly releasesBytes?: boolean | undefined;

  /**
   * Stores a copy of `bytes` durably before it resolves.
   *
   * @throws {ClorthoError} `CLORTHO_CONFLICT` with `ifAbsent` if the key exists; `CLORTHO_UNAVAILABLE` if the
   *   backend cannot be reached within the retry budget; `CLORTHO_NOT_FOUND` if bucket or directory is missing
   *   and is not created implicitly; `CLORTHO_OUTCOME_UNKNOWN` with `ifAbsent` if it may or may not have landed.
   */
  put(key: string, bytes: Uint8Array, options?: PutOptions): Promise<void>;

  /**
   * Returns the bytes of a blob, as a copy that the caller owns.
   *
   * @throws {ClorthoError} `CLORTHO_NOT_FOUND` if the key is absent; `CLORTHO_INVALID` if `offset` lies beyond
   *   the end; `CLORTHO_UNAVAILABLE`.
   */
  get(key: string, options?: GetOptions): Promise<Uint8Array>;

  /** Returns the size of a blob, or `undefined` if the key is absent. */
  head(key: string, options?: CallOptions): Promise<ObjectEntry | undefined>;

  /** Deletes the keys; an absent one is no error. Takes any number of keys. */
  delete(keys: readonly string[], options?: CallOptions): Promise<void>;

  /** Yields every blob whose key begins with `prefix`, in order. Blobs written meanwhile may be missed. */
  list(prefix: string, options?: ListOptions): AsyncIterable<ObjectEntry>;

  /** Releases sockets and handles; later calls throw `CLORTHO_CLOSED`. Idempotent. */
  close(): Promise<void>;
}
