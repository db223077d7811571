/** Wires between a session and its registers that a test holds in its hands. */
import { abortedError, ClorthoError } from '@clortho/base';
import type { RegisterStore } from '@clortho/registers';

/** Registers that can be put out of reach. */
export interface Cuttable {
  readonly registers: RegisterStore;
  /** From here on no call arrives. */
  cut(): void;
  mend(): void;
}

/** Returns the same registers on a wire that can be cut. */
export function cuttable(inner: RegisterStore): Cuttable {
  let isCut = false;
  const guard = (): void => {
    if (isCut) throw new ClorthoError('CLORTHO_UNAVAILABLE', 'cut off');
  };
  return {
    registers: {
      ...inner,
      async read(...call) {
        guard();
        return inner.read(...call);
      },
      async compareAndSwap(...call) {
        guard();
        return inner.compareAndSwap(...call);
      },
    },
    cut() {
      isCut = true;
    },
    mend() {
      isCut = false;
    },
  };
}

/** Registers of which some calls get no answer. */
export interface HalfOpen {
  readonly registers: RegisterStore;
  /** How many calls got none so far. */
  readonly dropped: number;
  /** From here on, so many calls whose key begins with `prefix` get none; they end with their signal. */
  drop(call: 'read' | 'list', prefix: string, times?: number): void;
  mend(): void;
}

/** Returns the same registers on a connection that may be half open. */
export function halfOpen(inner: RegisterStore): HalfOpen {
  let dropping = { call: '', prefix: '', left: 0 };
  let dropped = 0;
  const pass = async (call: string, key: string, signal: AbortSignal | undefined): Promise<void> => {
    if (dropping.left === 0 || call !== dropping.call || !key.startsWith(dropping.prefix)) return;
    dropping.left -= 1;
    dropped += 1;
    await new Promise((_, reject) => {
      const onAbort = (): void => reject(abortedError(signal));
      if (signal?.aborted === true) onAbort();
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  };
  return {
    registers: {
      ...inner,
      async read(keys, options) {
        await pass('read', keys[0] ?? '', options?.signal);
        return inner.read(keys, options);
      },
      async *list(prefix, options) {
        await pass('list', prefix, options?.signal);
        yield* inner.list(prefix, options);
      },
    },
    get dropped() {
      return dropped;
    },
    drop(call, prefix, times = Number.POSITIVE_INFINITY) {
      dropping = { call, prefix, left: times };
    },
    mend() {
      dropping.left = 0;
    },
  };
}
