/** The operations of a batch as the model takes them: the engine's, with bytes only. */

/** The family of an operation that names none. */
export const FAMILY_DEFAULT = 'default';

/** One operation; within a batch a later one on the same key wins. */
export type ModelOperation =
  | {
      readonly type: 'put';
      readonly key: Uint8Array;
      readonly value: Uint8Array;
      readonly family?: string | undefined;
    }
  | { readonly type: 'del'; readonly key: Uint8Array; readonly family?: string | undefined }
  | {
      readonly type: 'merge';
      readonly key: Uint8Array;
      readonly value: Uint8Array;
      readonly family?: string | undefined;
    }
  | {
      readonly type: 'deleteRange';
      readonly start: Uint8Array;
      readonly end: Uint8Array;
      readonly family?: string | undefined;
    };

/** A batch that took effect. */
export interface ModelCommit {
  readonly timestamp: number;
  readonly operations: readonly ModelOperation[];
}
