/**
 * Past states of a backend: what its keys held a moment ago, for reads that are stale on purpose.
 *
 * Wrappers of one backend share what they recorded, whichever of them wrote it.
 *
 * Invariants:
 * - Nothing is recorded until some wrapper plans stale reads: all others cost nothing.
 * - A key that was never recorded holds at every time what it holds in the backend.
 */

/** The states of the keys of one backend over time; values of type `T`, `undefined` where absent. */
export interface PastStates<T> {
  /** Tells whether the key was recorded. */
  has(key: string): boolean;
  /** Records what the key held from the beginning until its first change. */
  begin(key: string, value: T | undefined): void;
  /** Records what a key that {@link PastStates.has} knows holds from a time on. */
  change(key: string, atMs: number, value: T | undefined): void;
  /** Returns what a recorded key held at a time. */
  at(key: string, atMs: number): T | undefined;
  /** Returns the recorded keys. */
  keys(): Iterable<string>;
}

const statesByBackend = new WeakMap<object, PastStates<unknown>>();

/** Returns the states that wrappers of `backend` record, from the first call on. `T` is the same for all of them. */
export function recordPast<T>(backend: object): PastStates<T> {
  const existing = pastOf<T>(backend);
  if (existing !== undefined) return existing;
  const states = pastStates<T>();
  statesByBackend.set(backend, states);
  return states;
}

/** Returns the states of `backend` if they are recorded. */
export function pastOf<T>(backend: object): PastStates<T> | undefined {
  return statesByBackend.get(backend) as PastStates<T> | undefined;
}

function pastStates<T>(): PastStates<T> {
  const changesByKey = new Map<string, { readonly atMs: number; readonly value: T | undefined }[]>();
  return {
    has: (key) => changesByKey.has(key),
    begin(key, value) {
      if (!changesByKey.has(key)) changesByKey.set(key, [{ atMs: Number.NEGATIVE_INFINITY, value }]);
    },
    change(key, atMs, value) {
      changesByKey.get(key)?.push({ atMs, value });
    },
    at: (key, atMs) => changesByKey.get(key)?.findLast((change) => change.atMs <= atMs)?.value,
    keys: () => changesByKey.keys(),
  };
}
