/**
 * Slots: small numbers for members, so that a view is an array.
 *
 * Invariants:
 * - A name keeps its slot until it is released; a released slot is given out again.
 * - Two names never share an id: the second one gets no slot.
 */

/** Numbers the members that one process has heard of. */
export interface Directory {
  /** One more than the greatest slot in use, or that was. */
  readonly slots: number;
  /** Returns the slot of a member, a new one if it has none; `undefined` if its id is another name's. */
  intern(name: string, id: number): number | undefined;
  /** Returns the slot of an id, if it has one. */
  slotOf(id: number): number | undefined;
  /** Gives back the slot of an id. */
  release(id: number): void;
}

/** Returns an empty directory. */
export function createDirectory(): Directory {
  const byId = new Map<number, { readonly name: string; readonly slot: number }>();
  const free: number[] = [];
  let slots = 0;
  return {
    get slots() {
      return slots;
    },
    intern(name, id) {
      const known = byId.get(id);
      if (known !== undefined) return known.name === name ? known.slot : undefined;
      const slot = free.pop() ?? slots++;
      byId.set(id, { name, slot });
      return slot;
    },
    slotOf: (id) => byId.get(id)?.slot,
    release(id) {
      const known = byId.get(id);
      if (known === undefined) return;
      byId.delete(id);
      free.push(known.slot);
    },
  };
}
