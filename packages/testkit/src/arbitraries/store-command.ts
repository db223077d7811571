/**
 * Commands to a store as plain data: they print, shrink and replay.
 *
 * Times and snapshots are named by their place among what happened so far, taken modulo how many there are, so
 * that a command keeps its meaning when others before it are removed.
 */
import type { ModelOperation } from '../model/operation.ts';
import type { ModelScan } from '../model/reference-model.ts';

/** A time near a commit of the past; without one, the latest. */
export interface PastTime {
  /** Which commit, from the first. */
  readonly commit: number;
  /** Microseconds added to its timestamp. */
  readonly offset: -1 | 0 | 1;
}

/** One command; see {@link runStoreCommands} for what each does. */
export type StoreCommand =
  | {
      readonly type: 'write';
      readonly operations: readonly ModelOperation[];
      /** With external time: microseconds from the last commit to this one. */
      readonly stepMicros: number;
    }
  | {
      readonly type: 'get';
      readonly family: string;
      readonly key: Uint8Array;
      readonly at?: PastTime | undefined;
    }
  | {
      readonly type: 'getMany';
      readonly family: string;
      readonly keys: readonly Uint8Array[];
      readonly at?: PastTime | undefined;
    }
  | {
      readonly type: 'scan';
      readonly family: string;
      readonly scan: ModelScan;
      readonly at?: PastTime | undefined;
    }
  | {
      readonly type: 'history';
      readonly family: string;
      readonly key: Uint8Array;
      readonly from?: PastTime | undefined;
      readonly to?: PastTime | undefined;
    }
  | { readonly type: 'snapshot' }
  | {
      readonly type: 'snapshotGet';
      readonly snapshot: number;
      readonly family: string;
      readonly keys: readonly Uint8Array[];
    }
  | {
      readonly type: 'snapshotScan';
      readonly snapshot: number;
      readonly family: string;
      readonly scan: ModelScan;
    }
  | { readonly type: 'snapshotClose'; readonly snapshot: number }
  | { readonly type: 'truncate'; readonly at?: PastTime | undefined }
  | { readonly type: 'compact' }
  | { readonly type: 'split'; readonly key: Uint8Array }
  | { readonly type: 'reopen' }
  | { readonly type: 'advance'; readonly ms: number };
