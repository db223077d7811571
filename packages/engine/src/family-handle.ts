/** A family of a store: the calls of the store with the family filled in. */
import type {
  Bytes,
  HistoryEntry,
  HistoryOptions,
  PutOptions,
  ReadOptions,
  ScanOptions,
  WarmOptions,
  WarmResult,
  WriteOptions,
  WriteResult,
} from './api.ts';
import type { NOT_RESIDENT } from './read/run-lookup.ts';
import type { Scan } from './read/scan.ts';
import type { Store } from './store.ts';

type WithoutFamily<T> = Omit<T, 'family'>;

/** A handle on one family. Costs nothing and is not closed. */
export class FamilyHandle {
  readonly #store: Store;
  /** The name of the family. */
  readonly name: string;

  /** Made by {@link Store.family}. */
  constructor(store: Store, name: string) {
    this.#store = store;
    this.name = name;
  }

  /** See {@link Store.put}. */
  put(key: Bytes, value: Bytes, options: WithoutFamily<PutOptions> = {}): Promise<WriteResult> {
    return this.#store.put(key, value, { ...options, family: this.name });
  }

  /** See {@link Store.del}. */
  del(key: Bytes, options: WriteOptions = {}): Promise<WriteResult> {
    return this.#store.del(key, { ...options, family: this.name });
  }

  /** Merges an operand into the value of a key. */
  merge(key: Bytes, value: Bytes, options: WriteOptions = {}): Promise<WriteResult> {
    return this.#store.write([{ type: 'merge', key, value, family: this.name }], options);
  }

  /** See {@link Store.get}. */
  get(key: Bytes, options: WithoutFamily<ReadOptions> = {}): Promise<Uint8Array | undefined> {
    return this.#store.get(key, { ...options, family: this.name });
  }

  /** See {@link Store.getMany}. */
  getMany(
    keys: readonly Bytes[],
    options: WithoutFamily<ReadOptions> = {},
  ): Promise<(Uint8Array | undefined)[]> {
    return this.#store.getMany(keys, { ...options, family: this.name });
  }

  /** See {@link Store.peek}. */
  peek(key: Bytes): Uint8Array | undefined | typeof NOT_RESIDENT {
    return this.#store.peek(key, { family: this.name });
  }

  /** See {@link Store.scan}. */
  scan(options: WithoutFamily<ScanOptions> = {}): Scan {
    return this.#store.scan({ ...options, family: this.name });
  }

  /** See {@link Store.warm}. */
  warm(options: WithoutFamily<WarmOptions> = {}): Promise<WarmResult> {
    return this.#store.warm({ ...options, family: this.name });
  }

  /** See {@link Store.history}. */
  history(key: Bytes, options: WithoutFamily<HistoryOptions> = {}): AsyncGenerator<HistoryEntry> {
    return this.#store.history(key, { ...options, family: this.name });
  }
}
