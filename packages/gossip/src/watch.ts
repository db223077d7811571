/**
 * Following keys: first all that there are, then what changed, each key once however often it changed in between.
 *
 * Invariants:
 * - What waits is bounded by the number of keys, however slow the reader.
 * - A reader that ends, by `return` or by its signal, leaves nothing behind.
 */
import type { GossipValue } from './value-codec.ts';

/** The state of a key of a member. */
export interface Change {
  /** The name of the member. */
  readonly node: string;
  readonly key: string;
  /** `undefined` if the key was deleted or its member is forgotten. */
  readonly value: GossipValue | undefined;
}

/** Keys that changed and were not read yet. */
export class Watch implements AsyncIterableIterator<Change> {
  readonly #prefix: string;
  readonly #read: (node: string, key: string) => GossipValue | undefined;
  readonly #onEnd: (watch: Watch) => void;
  readonly #signal: AbortSignal | undefined;
  readonly #waiting = new Map<string, readonly [node: string, key: string]>();
  #wakes: (() => void)[] = [];
  #isEnded = false;

  /** Creates a watch of keys that begin with `prefix`; `read` returns what a key is when it is yielded. */
  constructor(
    prefix: string,
    read: (node: string, key: string) => GossipValue | undefined,
    onEnd: (watch: Watch) => void,
    signal: AbortSignal | undefined,
  ) {
    this.#prefix = prefix;
    this.#read = read;
    this.#onEnd = onEnd;
    this.#signal = signal;
    signal?.addEventListener('abort', this.end, { once: true });
    if (signal?.aborted === true) this.end();
  }

  /** Whether the reader gets nothing more. */
  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** Notes that a key changed. */
  note(node: string, key: string): void {
    if (this.#isEnded || !key.startsWith(this.#prefix)) return;
    this.#waiting.set(JSON.stringify([node, key]), [node, key]);
    this.#wake();
  }

  /** Ends the watch: the reader gets nothing more. */
  readonly end = (): void => {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#waiting.clear();
    this.#signal?.removeEventListener('abort', this.end);
    this.#onEnd(this);
    this.#wake();
  };

  async next(): Promise<IteratorResult<Change>> {
    while (!this.#isEnded && this.#waiting.size === 0) {
      await new Promise<void>((resolve) => {
        this.#wakes.push(resolve);
      });
    }
    const [first] = this.#waiting;
    if (this.#isEnded || first === undefined) return { done: true, value: undefined };
    const [name, [node, key]] = first;
    this.#waiting.delete(name);
    return { done: false, value: { node, key, value: this.#read(node, key) } };
  }

  return(): Promise<IteratorResult<Change>> {
    this.end();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #wake(): void {
    const wakes = this.#wakes;
    this.#wakes = [];
    for (const wake of wakes) wake();
  }
}
