/**
 * What happens when in a simulation: a binary heap over typed arrays.
 *
 *     times  Float64Array     the heap's order
 *     what   Int32Array       a node to wake, or -1 - index of a payload
 *
 * Invariants:
 * - Events come in the order of their times; equal runs have equal orders.
 */

/** Something that happens to a node, or to the whole. */
export interface Happening {
  run(): void;
}

/** What comes next. */
export interface NextEvent {
  time: number;
  /** The node to wake; -1 if `happening` is what happens. */
  node: number;
  happening: Happening | undefined;
}

const CAPACITY_FIRST = 4096;

/** Events by time. */
export class EventQueue {
  #times = new Float64Array(CAPACITY_FIRST);
  #what = new Int32Array(CAPACITY_FIRST);
  #size = 0;
  readonly #payloads: (Happening | undefined)[] = [];
  readonly #free: number[] = [];

  /** How many events wait. */
  get size(): number {
    return this.#size;
  }

  /** When the next event happens; infinity if there is none. */
  get next(): number {
    return this.#size === 0 ? Number.POSITIVE_INFINITY : (this.#times[0] as number);
  }

  /** Adds the waking of a node. */
  addWake(time: number, node: number): void {
    this.#add(time, node);
  }

  /** Adds a happening. */
  add(time: number, happening: Happening): void {
    const index = this.#free.pop() ?? this.#payloads.length;
    this.#payloads[index] = happening;
    this.#add(time, -1 - index);
  }

  /** Takes the next event into `into`; the queue must not be empty. */
  take(into: NextEvent): void {
    const what = this.#what[0] as number;
    into.time = this.#times[0] as number;
    into.node = what < 0 ? -1 : what;
    into.happening = undefined;
    if (what < 0) {
      into.happening = this.#payloads[-1 - what];
      this.#payloads[-1 - what] = undefined;
      this.#free.push(-1 - what);
    }
    this.#size -= 1;
    if (this.#size > 0) this.#sink(this.#times[this.#size] as number, this.#what[this.#size] as number);
  }

  #add(time: number, entry: number): void {
    if (this.#size === this.#times.length) this.#grow();
    const times = this.#times;
    const what = this.#what;
    let at = this.#size;
    this.#size += 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if ((times[parent] as number) <= time) break;
      times[at] = times[parent] as number;
      what[at] = what[parent] as number;
      at = parent;
    }
    times[at] = time;
    what[at] = entry;
  }

  #sink(time: number, entry: number): void {
    const times = this.#times;
    const what = this.#what;
    const size = this.#size;
    let at = 0;
    for (let child = 1; child < size; child = 2 * at + 1) {
      if (child + 1 < size && (times[child + 1] as number) < (times[child] as number)) child += 1;
      if ((times[child] as number) >= time) break;
      times[at] = times[child] as number;
      what[at] = what[child] as number;
      at = child;
    }
    times[at] = time;
    what[at] = entry;
  }

  #grow(): void {
    const times = new Float64Array(2 * this.#times.length);
    const what = new Int32Array(times.length);
    times.set(this.#times);
    what.set(this.#what);
    this.#times = times;
    this.#what = what;
  }
}
