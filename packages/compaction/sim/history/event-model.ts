/** The truth about one key: its events in order, replayed from the first for every question. Deliberately naive. */
export interface Event {
  readonly timestamp: number;
  readonly kind: 'put' | 'merge' | 'del';
  readonly value: string;
}

export interface Answer {
  readonly timestamp: number;
  readonly value: string;
}

export interface Entry {
  readonly timestamp: number;
  readonly kind: 'put' | 'del';
  readonly value: string | undefined;
}

/** A row filter of the model: says of a value of a time until when it is there. */
export type Keep = (value: string, timestamp: number) => boolean | number;

/** Of ten values, one is never there, two are for a short time. */
export const keepSome: Keep = (value, timestamp) => {
  const serial = Number(value[0]);
  return serial === 0 ? false : serial === 3 ? timestamp + 2 : serial === 6 ? timestamp + 5 : true;
};

export class EventModel {
  readonly #events = new Map<string, Event[]>();
  readonly #ttl: number;
  readonly #keep: Keep;

  constructor(ttl: number | undefined, keep: Keep = () => true) {
    this.#ttl = ttl ?? Number.POSITIVE_INFINITY;
    this.#keep = keep;
  }

  add(key: string, event: Event): void {
    const events = this.#events.get(key) ?? [];
    events.push(event);
    this.#events.set(key, events);
  }

  /** Returns the times at which something happened to a key, and those just after. */
  boundaries(key: string): number[] {
    const times = (this.#events.get(key) ?? []).flatMap(({ timestamp }) => [timestamp, timestamp + 1]);
    return [...new Set(times)];
  }

  get(key: string, asOf: number): Answer | undefined {
    let state: Answer | undefined;
    for (const event of this.#events.get(key) ?? []) {
      if (event.timestamp > asOf) break;
      state = this.#apply(this.#alive(state, event.timestamp), event);
    }
    return this.#alive(state, asOf);
  }

  /** What a delete at the horizon or below ended is gone. */
  history(key: string, from: number, to: number, horizon: number = from): Entry[] {
    const entries: Entry[] = [];
    const atFrom = this.get(key, from);
    if (from < to && atFrom !== undefined && atFrom.timestamp < from)
      entries.push({ ...atFrom, kind: 'put' });
    let state: Answer | undefined;
    for (const event of this.#events.get(key) ?? []) {
      const before = this.#alive(state, event.timestamp);
      state = this.#alive(this.#apply(before, event), event.timestamp);
      if (event.timestamp < from || event.timestamp >= to) continue;
      if (state !== undefined) entries.push({ ...state, kind: 'put' });
      // An operand or put after a range delete of the same commit succeeds the old value directly.
      else if (before !== undefined && event.timestamp > horizon)
        entries.push({ timestamp: event.timestamp, kind: 'del', value: undefined });
    }
    const last = new Map(entries.map((entry) => [entry.timestamp, entry]));
    return [...last.values()].reverse();
  }

  #apply(before: Answer | undefined, event: Event): Answer | undefined {
    if (event.kind === 'del') return undefined;
    const value = event.kind === 'merge' ? (before?.value ?? '') + event.value : event.value;
    return { timestamp: event.timestamp, value };
  }

  #alive(state: Answer | undefined, at: number): Answer | undefined {
    if (state === undefined || at - state.timestamp >= this.#ttl) return undefined;
    const kept = this.#keep(state.value, state.timestamp);
    return kept === true || (kept !== false && at < kept) ? state : undefined;
  }
}
