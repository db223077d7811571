/**
 * The register interface: small linearizable values with atomic compare-and-swap over several of them.
 *
 * Everything that coordinates (manifest heads, shard map, leases, pins) is a value in a register, so all of it
 * runs unchanged on memory, LMDB and DynamoDB.
 *
 * Invariants:
 * - Reads and swaps are linearizable; a read of several registers is one consistent snapshot.
 * - A register's version grows by one with every change, from 0 (never written). A register is never deleted, so
 *   a slow writer cannot win against a recycled slot.
 * - A swap applies all its changes or none.
 * - An outcome that is not known is thrown as `CLORTHO_OUTCOME_UNKNOWN`, never guessed.
 */

/** The largest value of a register in bytes. */
export const REGISTER_BYTES_MAX: number = 256 * 1024;
/** The most registers in one call, checks included (the limit of a DynamoDB transaction). */
export const REGISTERS_PER_CALL_MAX = 100;
/** The most value bytes in one call (the limit of a DynamoDB transaction, less room for keys). */
export const CALL_BYTES_MAX: number = 3_900_000;

/** One register as read. */
export interface Register {
  readonly key: string;
  /** How often it was changed; at least 1. */
  readonly version: number;
  /** A copy that the caller owns. */
  readonly value: Uint8Array;
}

/** One part of a {@link RegisterStore.compareAndSwap}. */
export interface RegisterChange {
  readonly key: string;
  /** The version that the register must have; 0 for one that was never written. */
  readonly expect: number;
  /** The new value; without it the register is only checked. */
  readonly value?: Uint8Array | undefined;
}

/** What became of a swap. */
export type SwapResult =
  | { readonly applied: true }
  /**
   * Not applied, for certain: some register had another version. `current` has, for each change in order, the
   * register as it was seen if the backend reports it at no cost, else `undefined` (which says nothing).
   */
  | { readonly applied: false; readonly current: readonly (Register | undefined)[] };

/** Options of every call. */
export interface RegisterCallOptions {
  /** Aborts the call: it rejects with `CLORTHO_ABORTED` if nothing was sent, else `CLORTHO_OUTCOME_UNKNOWN` for a swap. */
  readonly signal?: AbortSignal | undefined;
}

/** What a store was asked since it was opened: requests that reached the backend. */
export interface RegisterCounters {
  /** Read requests (one for several registers read together). */
  reads: number;
  /** Registers returned or found absent by them. */
  registersRead: number;
  /** Swaps that were sent, applied or not. */
  swaps: number;
  /** Registers written by swaps that were applied. */
  registersWritten: number;
  /** Value bytes written by swaps that were applied. */
  bytesWritten: number;
  lists: number;
}

/** Small linearizable registers. All calls may run concurrently. */
export interface RegisterStore {
  /** Names the place for messages, without credentials: `memory:`, `lmdb:/data`, `dynamodb://table`. */
  readonly name: string;
  /** What the backend can do. */
  readonly supports: {
    /** Several registers in one call: consistent reads and atomic swaps. Without it both take one register. */
    readonly atomicMany: boolean;
  };
  /** Live counters; read-only for callers. */
  readonly counters: Readonly<RegisterCounters>;

  /**
   * Returns the registers in the order of `keys`, all of one moment; `undefined` for one never written.
   *
   * @throws {ClorthoError} `CLORTHO_INVALID` for duplicate keys or more than {@link REGISTERS_PER_CALL_MAX};
   *   `CLORTHO_UNSUPPORTED` for several without `supports.atomicMany`; `CLORTHO_UNAVAILABLE`;
   *   `CLORTHO_NOT_FOUND` if the table or bucket is missing.
   */
  read(keys: readonly string[], options?: RegisterCallOptions): Promise<readonly (Register | undefined)[]>;

  /**
   * Applies all changes if every register has the expected version, else none.
   *
   * @throws {ClorthoError} `CLORTHO_OUTCOME_UNKNOWN` if it may or may not have been applied;
   *   `CLORTHO_INVALID` for duplicate keys, too many or too large values; `CLORTHO_UNSUPPORTED` for several
   *   without `supports.atomicMany`; `CLORTHO_UNAVAILABLE` if it was certainly not applied and may be sent again.
   */
  compareAndSwap(changes: readonly RegisterChange[], options?: RegisterCallOptions): Promise<SwapResult>;

  /** Yields the registers whose key begins with `prefix`, in byte order; each is current, together they are no snapshot. */
  list(prefix: string, options?: RegisterCallOptions): AsyncIterable<Register>;

  /** Releases sockets and handles; later calls throw `CLORTHO_CLOSED`. Idempotent. */
  close(): Promise<void>;
}
