/**
 * What fault injection asks of a register store: `RegisterStore` of `@clortho/registers` has this shape.
 *
 * The shape is declared here because the harness stands beside all packages and imports only the lowest one.
 */

/** One register as read. */
export interface RegisterUnderTest {
  readonly key: string;
  /** How often it was changed; at least 1. */
  readonly version: number;
  readonly value: Uint8Array;
}

/** One part of a swap: the version that a register must have, and its new value unless it is only checked. */
export interface RegisterChangeUnderTest {
  readonly key: string;
  /** 0 for a register that was never written. */
  readonly expect: number;
  readonly value?: Uint8Array | undefined;
}

/** What became of a swap; `current` has what is known of the registers that were in the way. */
export type SwapUnderTest =
  | { readonly applied: true }
  | { readonly applied: false; readonly current: readonly (RegisterUnderTest | undefined)[] };

/** Options of every call. */
export interface CallUnderTest {
  readonly signal?: AbortSignal | undefined;
}

/** Small linearizable registers; see {@link faultyRegisterStore}. */
export interface RegistersUnderTest<Counters = unknown> {
  readonly name: string;
  readonly supports: { readonly atomicMany: boolean };
  readonly counters: Counters;
  read(keys: readonly string[], options?: CallUnderTest): Promise<readonly (RegisterUnderTest | undefined)[]>;
  compareAndSwap(
    changes: readonly RegisterChangeUnderTest[],
    options?: CallUnderTest,
  ): Promise<SwapUnderTest>;
  list(prefix: string, options?: CallUnderTest): AsyncIterable<RegisterUnderTest>;
  close(): Promise<void>;
}
