/**
 * Filling a binary fuse filter: the equations "the three slots of a key xor to its fingerprint", solved by peeling.
 *
 * A slot that one key alone uses can always be set so that the equation of this key holds. So the key is taken out,
 * which leaves other slots with one key, until no key is left. Setting the slots in reverse order solves them all.
 *
 *     order    | slots peeled, oldest first -->  |  free  |  <-- stack of slots with one key |
 *
 * A slot gets on the stack once, when its degree becomes 1, and moves from there to the peeled ones: both fit into
 * one array. A stack, and keys grouped by segment, keep the work in a few segments, which halves the time for a
 * million keys.
 *
 * Invariants:
 * - Time and memory are linear in keys and slots: about 20 bytes per key beside the hashes.
 */
import { FusePlacement, type FuseShape, fuseSlots } from './fuse-placement.ts';
import type { HashPairs } from './key-hashes.ts';

/** A degree that eight bits do not hold; a slot has less than three keys on average. */
const DEGREE_END = 256;

/** The state of peeling: two words per slot, so that no key needs a list. */
interface Graph {
  readonly placement: FusePlacement;
  /** Hashes as in {@link HashPairs}, signed: small integers to the engine, which makes no objects of them. */
  readonly pairs: Int32Array;
  /** How many keys use a slot. */
  readonly degrees: Uint8Array;
  /** The xor of the indices of these keys: the index itself where there is one. */
  readonly keys: Uint32Array;
}

/** Returns one byte per slot; `undefined` if a key cannot be peeled, as with equal hashes. */
export function solveFuse(hashes: HashPairs, shape: FuseShape, seed: number): Uint8Array | undefined {
  const placement = new FusePlacement(shape, seed);
  const pairs = groupBySegment(hashes, shape, placement);
  const slots = fuseSlots(shape);
  const graph = { placement, pairs, degrees: new Uint8Array(slots), keys: new Uint32Array(slots) };
  if (!enterAll(graph)) return undefined;
  const order = new Uint32Array(slots);
  const peeled = peel(graph, order);
  return peeled === hashes.count ? fill(graph, order.subarray(0, peeled)) : undefined;
}

/** Returns a copy of the hashes in the order of their first segments. */
function groupBySegment(
  { count, halves }: HashPairs,
  shape: FuseShape,
  placement: FusePlacement,
): Int32Array {
  const from = new Int32Array(halves.buffer, halves.byteOffset, count * 2);
  const ends = new Uint32Array(shape.segments);
  for (let at = 0; at < from.length; at += 2) {
    placement.place(from[at] as number, from[at + 1] as number);
    const segment = placement.first >>> shape.segmentBits;
    ends[segment] = (ends[segment] as number) + 2;
  }
  for (let segment = 1; segment < ends.length; segment += 1) {
    ends[segment] = (ends[segment] as number) + (ends[segment - 1] as number);
  }
  const pairs = new Int32Array(from.length);
  for (let at = from.length - 2; at >= 0; at -= 2) {
    const low = from[at] as number;
    const high = from[at + 1] as number;
    placement.place(low, high);
    const segment = placement.first >>> shape.segmentBits;
    const target = (ends[segment] as number) - 2;
    ends[segment] = target;
    pairs[target] = low;
    pairs[target + 1] = high;
  }
  return pairs;
}

/** Adds all keys to their slots; false if a slot has more than its degree can count. */
function enterAll({ placement, pairs, degrees, keys }: Graph): boolean {
  let bits = 0;
  for (let at = 0, key = 0; at < pairs.length; at += 2, key += 1) {
    placement.place(pairs[at] as number, pairs[at + 1] as number);
    bits |= enter(degrees, keys, placement.first, key);
    bits |= enter(degrees, keys, placement.second, key);
    bits |= enter(degrees, keys, placement.third, key);
  }
  return bits < DEGREE_END;
}

/** Takes out keys and returns how many; `order` begins with their slots, and `keys` has their indices there. */
function peel({ placement, pairs, degrees, keys }: Graph, order: Uint32Array): number {
  let peeled = 0;
  let top = order.length;
  for (let scanned = 0; scanned < degrees.length; scanned += 1) {
    if (degrees[scanned] === 1) order[--top] = scanned;
    while (top < order.length) {
      const slot = order[top++] as number;
      // Its key may have gone with another of its slots.
      if (degrees[slot] !== 1) continue;
      order[peeled++] = slot;
      const key = keys[slot] as number;
      placement.place(pairs[key * 2] as number, pairs[key * 2 + 1] as number);
      const { first, second, third } = placement;
      if (leave(degrees, keys, first, key) === 1) order[--top] = first;
      if (leave(degrees, keys, second, key) === 1) order[--top] = second;
      if (leave(degrees, keys, third, key) === 1) order[--top] = third;
      keys[slot] = key;
    }
  }
  return peeled;
}

/** Sets the slots of `order`, last first. */
function fill({ placement, pairs, keys }: Graph, order: Uint32Array): Uint8Array {
  const fingerprints = new Uint8Array(keys.length);
  for (let index = order.length - 1; index >= 0; index -= 1) {
    const slot = order[index] as number;
    const key = keys[slot] as number;
    placement.place(pairs[key * 2] as number, pairs[key * 2 + 1] as number);
    // The slot itself is still zero.
    fingerprints[slot] =
      placement.fingerprint ^
      (fingerprints[placement.first] as number) ^
      (fingerprints[placement.second] as number) ^
      (fingerprints[placement.third] as number);
  }
  return fingerprints;
}

/** Adds a key to a slot and returns the degree: 256 where the array wraps to 0. */
function enter(degrees: Uint8Array, keys: Uint32Array, slot: number, key: number): number {
  const degree = (degrees[slot] as number) + 1;
  degrees[slot] = degree;
  keys[slot] = (keys[slot] as number) ^ key;
  return degree;
}

/** Removes a key from a slot and returns the degree that is left. */
function leave(degrees: Uint8Array, keys: Uint32Array, slot: number, key: number): number {
  const degree = (degrees[slot] as number) - 1;
  degrees[slot] = degree;
  keys[slot] = (keys[slot] as number) ^ key;
  return degree;
}
