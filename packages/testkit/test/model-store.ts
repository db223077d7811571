import {
  type ModelOperation,
  type ReferenceModel,
  type ReferenceModelOptions,
  referenceModel,
  type StoreUnderTest,
} from '../src/index.ts';

/** A way to be wrong: replaces some calls of a right store. */
export type Fault = (store: StoreUnderTest, model: ReferenceModel) => Partial<StoreUnderTest>;

export interface ModelStoreOptions extends ReferenceModelOptions {
  readonly fault?: Fault | undefined;
  /** What is committed in place of a batch. */
  readonly rewrite?: ((operations: readonly ModelOperation[]) => readonly ModelOperation[]) | undefined;
}

/** A store that answers from a model of its own; reopening it keeps the model. */
export function modelStore(options: ModelStoreOptions = {}): () => Promise<StoreUnderTest> {
  const model = referenceModel(options);
  const nameOf = (given: { readonly family?: string | undefined } | undefined): string =>
    given?.family ?? 'default';
  const store: StoreUnderTest = {
    async write(operations, given) {
      const timestamp = given?.timestamp ?? Math.max(options.now?.() ?? 0, model.lastTimestamp + 1);
      model.apply(timestamp, options.rewrite?.(operations) ?? operations);
      return { timestamp };
    },
    get: async (key, given) => model.get(nameOf(given), key, given?.asOf),
    getMany: async (keys, given) => keys.map((key) => model.get(nameOf(given), key, given?.asOf)),
    async *scan(given = {}) {
      yield* model.scan(nameOf(given), given, given.asOf);
    },
    async *history(key, given) {
      yield* model.history(nameOf(given), key, given?.from, given?.to);
    },
    async snapshot() {
      const snapshot = model.snapshot();
      return {
        getMany: async (keys, given) => keys.map((key) => snapshot.get(nameOf(given), key)),
        async *scan(given = {}) {
          yield* snapshot.scan(nameOf(given), given);
        },
        close: async () => {},
      };
    },
    truncateHistory: async (timestamp) => model.truncate(timestamp),
    compact: async () => {},
    split: async (key) => model.split(key),
    close: async () => {},
  };
  return async () => ({ ...store, ...options.fault?.(store, model) });
}
