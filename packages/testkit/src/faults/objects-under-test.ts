/** What fault injection asks of an object store: `ObjectStore` of `@clortho/object-store` has this shape. */
import type { CallUnderTest } from './registers-under-test.ts';

/** One blob of a listing. */
export interface ObjectUnderTest {
  readonly key: string;
  /** The size in bytes. */
  readonly bytes: number;
}

/** Immutable blobs; see {@link faultyObjectStore}. */
export interface ObjectsUnderTest<Counters = unknown> {
  readonly name: string;
  readonly counters: Counters;
  put(
    key: string,
    bytes: Uint8Array,
    options?: CallUnderTest & { readonly ifAbsent?: boolean | undefined },
  ): Promise<void>;
  get(
    key: string,
    options?: CallUnderTest & {
      readonly offset?: number | undefined;
      readonly length?: number | undefined;
    },
  ): Promise<Uint8Array>;
  head(key: string, options?: CallUnderTest): Promise<ObjectUnderTest | undefined>;
  delete(keys: readonly string[], options?: CallUnderTest): Promise<void>;
  list(
    prefix: string,
    options?: CallUnderTest & { readonly after?: string | undefined },
  ): AsyncIterable<ObjectUnderTest>;
  close(): Promise<void>;
}
