/**
 * What the harness asks of a store: the engine's `Store` has this shape, and so may an adapter of any other.
 */
import type { ModelOperation } from '../model/operation.ts';
import type { ModelHistoryEntry, ModelRow, ModelScan } from '../model/reference-model.ts';

/** Where and when to read; the latest of the default family by default. */
export interface ReadUnderTest {
  readonly family?: string | undefined;
  readonly asOf?: number | undefined;
}

/** A consistent state of a store that later commits, compactions and truncations do not change. */
export interface SnapshotUnderTest {
  getMany(
    keys: readonly Uint8Array[],
    options?: { readonly family?: string | undefined },
  ): Promise<readonly (Uint8Array | undefined)[]>;
  scan(options?: ModelScan & { readonly family?: string | undefined }): AsyncIterable<ModelRow>;
  close(): Promise<unknown>;
}

/** A store that {@link runStoreCommands} drives. Errors are judged by their `code`. */
export interface StoreUnderTest {
  write(
    operations: readonly ModelOperation[],
    options?: { readonly timestamp?: number | undefined },
  ): Promise<{ readonly timestamp: number }>;
  get(key: Uint8Array, options?: ReadUnderTest): Promise<Uint8Array | undefined>;
  getMany(keys: readonly Uint8Array[], options?: ReadUnderTest): Promise<readonly (Uint8Array | undefined)[]>;
  scan(options?: ModelScan & ReadUnderTest): AsyncIterable<ModelRow>;
  history(
    key: Uint8Array,
    options?: {
      readonly family?: string | undefined;
      readonly from?: number | undefined;
      readonly to?: number | undefined;
    },
  ): AsyncIterable<ModelHistoryEntry>;
  snapshot(): Promise<SnapshotUnderTest>;
  truncateHistory(timestamp: number): Promise<unknown>;
  compact(): Promise<unknown>;
  /** Splits the shard of `key` there, unless one begins with it. Without it, the command does nothing. */
  split?(key: Uint8Array): Promise<unknown>;
  close(): Promise<unknown>;
}
