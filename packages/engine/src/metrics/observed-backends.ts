/**
 * Object store and registers whose calls are timed, and told to whoever listens.
 *
 * Invariants:
 * - A call returns the promise of the backend: it is looked at from beside, and nobody waits longer for its answer.
 */
import type { ObjectStore } from '@clortho/object-store';
import type { RegisterStore } from '@clortho/registers';
import { errorText, type RequestMessage, requestChannel } from './channels.ts';
import type { LatencyKind, Metrics } from './metrics.ts';

type RequestKind = Exclude<LatencyKind, 'commit'>;
type Facts = Pick<RequestMessage, 'key' | 'keys' | 'bytes'>;

const REQUESTS: Readonly<Record<RequestKind, Pick<RequestMessage, 'target' | 'operation'>>> = {
  objectGet: { target: 'objects', operation: 'get' },
  objectPut: { target: 'objects', operation: 'put' },
  objectHead: { target: 'objects', operation: 'head' },
  objectDelete: { target: 'objects', operation: 'delete' },
  objectList: { target: 'objects', operation: 'list' },
  registerRead: { target: 'registers', operation: 'read' },
  registerSwap: { target: 'registers', operation: 'swap' },
  registerList: { target: 'registers', operation: 'list' },
};

/** Returns the view of an object store that is observed. Closing it closes the store. */
export function observedObjects(store: ObjectStore, metrics: Metrics): ObjectStore {
  return {
    name: store.name,
    counters: store.counters,
    releasesBytes: store.releasesBytes,
    put: (key, bytes, options) =>
      observed(
        metrics,
        'objectPut',
        () => store.put(key, bytes, options),
        () => ({ key, keys: 1, bytes: bytes.length }),
      ),
    get: (key, options) =>
      observed(
        metrics,
        'objectGet',
        () => store.get(key, options),
        (bytes) => ({ key, keys: 1, bytes: bytes?.length ?? 0 }),
      ),
    head: (key, options) =>
      observed(
        metrics,
        'objectHead',
        () => store.head(key, options),
        () => ({ key, keys: 1, bytes: 0 }),
      ),
    delete: (keys, options) =>
      observed(
        metrics,
        'objectDelete',
        () => store.delete(keys, options),
        () => ({ key: keys[0] ?? '', keys: keys.length, bytes: 0 }),
      ),
    list: (prefix, options) =>
      observedList(metrics, 'objectList', prefix, store.list(prefix, options), () => 0),
    close: () => store.close(),
  };
}

/** Returns the view of a register store that is observed. Closing it closes the store. */
export function observedRegisters(store: RegisterStore, metrics: Metrics): RegisterStore {
  return {
    name: store.name,
    supports: store.supports,
    counters: store.counters,
    read: (keys, options) =>
      observed(
        metrics,
        'registerRead',
        () => store.read(keys, options),
        (registers = []) => ({ key: keys[0] ?? '', keys: keys.length, bytes: valueBytes(registers) }),
      ),
    compareAndSwap: (changes, options) =>
      observed(
        metrics,
        'registerSwap',
        () => store.compareAndSwap(changes, options),
        () => ({ key: changes[0]?.key ?? '', keys: changes.length, bytes: valueBytes(changes) }),
      ),
    list: (prefix, options) =>
      observedList(metrics, 'registerList', prefix, store.list(prefix, options), ({ value }) => value.length),
    close: () => store.close(),
  };
}

/** Makes a call, and looks at its answer. `factsOf` gets no result if there was none. */
function observed<T>(
  metrics: Metrics,
  kind: RequestKind,
  call: () => Promise<T>,
  factsOf: (result: T | undefined) => Facts,
): Promise<T> {
  const { clock } = metrics;
  const began = clock.monotonic();
  const answer = call();
  answer.then(
    (result) => note(metrics, kind, clock.monotonic() - began, undefined, () => factsOf(result)),
    (error: unknown) => note(metrics, kind, clock.monotonic() - began, error, () => factsOf(undefined)),
  );
  return answer;
}

/** Yields what `rows` does; notes the time that was waited for them when they end or are left. */
function observedList<T>(
  metrics: Metrics,
  kind: RequestKind,
  key: string,
  list: AsyncIterable<T>,
  bytesOf: (row: T) => number,
): AsyncIterable<T> {
  const { clock } = metrics;
  return {
    [Symbol.asyncIterator]() {
      const rows = list[Symbol.asyncIterator]();
      let [ms, keys, bytes] = [0, 0, 0];
      let isOver = false;
      const end = (error?: unknown): void => {
        if (!isOver) note(metrics, kind, ms, error, () => ({ key, keys, bytes }));
        isOver = true;
      };
      return {
        next() {
          const began = clock.monotonic();
          const step = rows.next();
          const taken = (row: IteratorResult<T>): void => {
            ms += clock.monotonic() - began;
            if (row.done === true) {
              end();
              return;
            }
            keys += 1;
            bytes += bytesOf(row.value);
          };
          const failed = (error: unknown): void => {
            ms += clock.monotonic() - began;
            end(error);
          };
          step.then(taken, failed);
          return step;
        },
        return() {
          end();
          return rows.return?.() ?? Promise.resolve({ done: true, value: undefined });
        },
      };
    },
  };
}

function note(
  metrics: Metrics,
  kind: RequestKind,
  durationMs: number,
  error: unknown,
  factsOf: () => Facts,
): void {
  metrics.record(kind, durationMs);
  if (!requestChannel.hasSubscribers) return;
  const message: RequestMessage = {
    store: metrics.store,
    durationMs,
    error: error === undefined ? undefined : errorText(error),
    ...REQUESTS[kind],
    ...factsOf(),
  };
  requestChannel.publish(message);
}

function valueBytes(registers: readonly ({ readonly value?: Uint8Array | undefined } | undefined)[]): number {
  return registers.reduce((sum, register) => sum + (register?.value?.length ?? 0), 0);
}
