/**
 * One cursor over many: their rows in one order, by a tree of losers.
 *
 *               winner 2
 *                  |
 *              [loser 0]            each inner node keeps the input that lost there; after the winner moves, only
 *              /        \           the path from its leaf to the root is played again: log2(inputs) comparisons
 *        [loser 1]    [loser 3]
 *         /    \       /    \
 *        0      1     2      3      inputs
 *
 * Invariants:
 * - Order: key ascending, timestamp descending, then earlier input first; backward moves give exactly the reverse.
 * - Forward moves follow `seekFirst` and `seek`, backward moves `seekLast` and `seekBefore`; to turn, seek.
 * - Nothing is compared while an input is blocked: the order of its rows is not known.
 *
 * Most comparisons are of two numbers. When the tree is built, bytes that all inputs' keys begin with are noted as the
 * stem; each key that has the stem is then known by the six bytes after it, as one number. Sorted inputs leave the
 * stem in one direction only, so a key without it is beyond all that have it: infinity. When the winner is beyond, so
 * is everyone, and the tree is built again with a new stem.
 */
import { compareSlices, EMPTY_BYTES, invariant } from '@clortho/base';
import { BLOCKED, END, ROW, type RowCursor, type RowKind, type Step } from '../row.ts';
import { emptyCursor } from './empty-cursor.ts';

/** The bytes after the stem that make a key's number: six fit a double exactly. */
const WINDOW_BYTES = 6;
/** How much shorter the stem is than what the keys share: the longer it lasts, the less of the window tells apart. */
const STEM_SLACK_BYTES = 3;

/** Merges sorted cursors; see {@link RowCursor} for the moves. The inputs must not be moved by others meanwhile. */
export class MergingCursor<Input extends RowCursor = RowCursor> implements RowCursor {
  readonly #cursors: readonly Input[];
  /** Where each input stands. */
  readonly #steps: Step[];
  /** The number of each input's key. */
  readonly #numbers: Float64Array;
  /** `tree[0]` is the winner, `tree[node]` the loser of that node; -1 while the tree is built. */
  readonly #tree: Int32Array;
  /** The stem is `stemBytes[stemStart, stemStart + stemLength)`, in a key that an input showed. */
  #stemBytes: Uint8Array = EMPTY_BYTES;
  #stemStart = 0;
  #stemLength = 0;
  #forward = true;
  /** Whether the last move was blocked, and whether it has to build the tree anew. */
  #waiting = false;
  #rebuild = false;
  #source = 0;
  #current: Input;

  /** Merges `inputs`, of which there may be none. They may stand anywhere: begin with a seek. */
  constructor(inputs: readonly Input[]) {
    const cursors = inputs.length > 0 ? inputs : [emptyCursor as Input];
    this.#cursors = cursors;
    this.#steps = cursors.map(() => END);
    this.#numbers = new Float64Array(cursors.length);
    this.#tree = new Int32Array(cursors.length);
    this.#current = cursors[0] as Input;
  }

  /** The index of the input that the current row comes from. */
  get source(): number {
    return this.#source;
  }
  /** The input that the current row comes from. */
  get current(): Input {
    return this.#current;
  }
  /** What the last move came to. */
  get step(): Step {
    if (this.#waiting) return BLOCKED;
    return this.#steps[this.#source] === ROW ? ROW : END;
  }
  get keyBytes(): Uint8Array {
    return this.#current.keyBytes;
  }
  get keyStart(): number {
    return this.#current.keyStart;
  }
  get keyEnd(): number {
    return this.#current.keyEnd;
  }
  get timestamp(): number {
    return this.#current.timestamp;
  }
  get endTimestamp(): number {
    return this.#current.endTimestamp;
  }
  get kind(): RowKind {
    return this.#current.kind;
  }
  get valueBytes(): Uint8Array {
    return this.#current.valueBytes;
  }
  get valueStart(): number {
    return this.#current.valueStart;
  }
  get valueEnd(): number {
    return this.#current.valueEnd;
  }

  seekFirst(): Step {
    this.#begin(true);
    for (let input = 0; input < this.#cursors.length; input += 1)
      this.#steps[input] = this.#at(input).seekFirst();
    return this.#settle();
  }

  seekLast(): Step {
    this.#begin(false);
    for (let input = 0; input < this.#cursors.length; input += 1)
      this.#steps[input] = this.#at(input).seekLast();
    return this.#settle();
  }

  seek(key: Uint8Array, timestamp?: number): Step {
    this.#begin(true);
    for (let input = 0; input < this.#cursors.length; input += 1) {
      this.#steps[input] = this.#at(input).seek(key, timestamp);
    }
    return this.#settle();
  }

  seekBefore(key: Uint8Array): Step {
    this.#begin(false);
    for (let input = 0; input < this.#cursors.length; input += 1)
      this.#steps[input] = this.#at(input).seekBefore(key);
    return this.#settle();
  }

  next(): Step {
    invariant(this.#forward, 'a merging cursor moves on only after a forward seek');
    if (this.#waiting) return BLOCKED;
    const input = this.#source;
    if (this.#steps[input] !== ROW) return END;
    this.#steps[input] = this.#current.next();
    return this.#settle();
  }

  previous(): Step {
    invariant(!this.#forward, 'a merging cursor moves back only after a backward seek');
    if (this.#waiting) return BLOCKED;
    const input = this.#source;
    if (this.#steps[input] !== ROW) return END;
    this.#steps[input] = this.#current.previous();
    return this.#settle();
  }

  /** Tells whether no other input stands on a row of the current key, as far as that is seen at a glance. */
  isAlone(): boolean {
    const source = this.#source;
    const number = this.#numbers[source];
    // Had another the same key, one of the losers to this row would be the next best, and have the same number.
    for (let node = (this.#cursors.length + source) >>> 1; node > 0; node >>>= 1) {
      const loser = this.#tree[node] as number;
      if (this.#numbers[loser] === number && this.#steps[loser] === ROW) return false;
    }
    return Number.isFinite(number);
  }

  /** Loads all inputs that are blocked, at the same time. If one fails, the others keep what they loaded. */
  async load(signal?: AbortSignal): Promise<Step> {
    const steps = this.#steps;
    for (let blocked = this.#blockedInputs(); blocked.length > 0; blocked = this.#blockedInputs()) {
      const results = await Promise.allSettled(
        blocked.map(async (input) => {
          steps[input] = await this.#at(input).load(signal);
        }),
      );
      for (const result of results) if (result.status === 'rejected') throw result.reason;
    }
    return this.#settle();
  }

  #begin(forward: boolean): void {
    this.#forward = forward;
    this.#rebuild = true;
  }

  /** Finds the winner after inputs moved. */
  #settle(): Step {
    const steps = this.#steps;
    if (this.#rebuild) {
      for (let input = 0; input < steps.length; input += 1) {
        if (steps[input] === BLOCKED) return this.#wait();
      }
      this.#rebuild = false;
      this.#build();
    } else {
      const moved = this.#source;
      if (steps[moved] === BLOCKED) return this.#wait();
      if (steps[moved] === ROW) this.#numbers[moved] = this.#numberOf(moved);
      this.#play(moved);
      const winner = this.#tree[0] as number;
      if (steps[winner] === ROW && !Number.isFinite(this.#numbers[winner])) this.#build();
    }
    this.#waiting = false;
    const winner = this.#tree[0] as number;
    this.#source = winner;
    this.#current = this.#at(winner);
    return steps[winner] === ROW ? ROW : END;
  }

  #wait(): Step {
    this.#waiting = true;
    return BLOCKED;
  }

  #build(): void {
    const inputs = this.#cursors.length;
    const tree = this.#tree;
    tree.fill(-1);
    this.#findStem();
    this.#numbers.fill(Number.NaN);
    for (let input = 0; input < inputs; input += 1) {
      if (this.#steps[input] === ROW) this.#numbers[input] = this.#numberOf(input);
    }
    for (let input = 0; input < inputs; input += 1) {
      let winner = input;
      let node = (inputs + input) >>> 1;
      // The first to arrive at a node waits there for the other side.
      while (node > 0 && tree[node] !== -1) {
        winner = this.#match(node, winner);
        node >>>= 1;
      }
      tree[node] = winner;
    }
  }

  /** Plays the path of an input that moved. */
  #play(input: number): void {
    let winner = input;
    for (let node = (this.#cursors.length + input) >>> 1; node > 0; node >>>= 1)
      winner = this.#match(node, winner);
    this.#tree[0] = winner;
  }

  /** Lets `challenger` meet the loser kept at a node: the better goes on, the other stays. */
  #match(node: number, challenger: number): number {
    const keeper = this.#tree[node] as number;
    if (!this.#beats(keeper, challenger)) return challenger;
    this.#tree[node] = challenger;
    return keeper;
  }

  #beats(left: number, right: number): boolean {
    const steps = this.#steps;
    if (steps[right] !== ROW) return steps[left] === ROW || left < right;
    if (steps[left] !== ROW) return false;
    const a = this.#numbers[left] as number;
    const b = this.#numbers[right] as number;
    if (a !== b) return this.#forward === a < b;
    const order = this.#compare(left, right, Number.isFinite(a) ? this.#stemLength : 0);
    return this.#forward === order < 0;
  }

  /** Compares the rows of two inputs whose keys have their first `known` bytes in common. */
  #compare(left: number, right: number, known: number): number {
    const a = this.#at(left);
    const b = this.#at(right);
    const order = compareSlices(
      a.keyBytes,
      a.keyStart + known,
      a.keyEnd,
      b.keyBytes,
      b.keyStart + known,
      b.keyEnd,
    );
    if (order !== 0) return order;
    return b.timestamp - a.timestamp || left - right;
  }

  /** Notes bytes that the keys of all inputs begin with. */
  #findStem(): void {
    let length = -1;
    for (let input = 0; input < this.#cursors.length; input += 1) {
      if (this.#steps[input] !== ROW) continue;
      const { keyBytes, keyStart, keyEnd } = this.#at(input);
      if (length < 0) {
        this.#stemBytes = keyBytes;
        this.#stemStart = keyStart;
        length = keyEnd - keyStart;
        continue;
      }
      length = Math.min(length, keyEnd - keyStart);
      for (let index = 0; index < length; index += 1) {
        if (keyBytes[keyStart + index] !== this.#stemBytes[this.#stemStart + index]) length = index;
      }
    }
    this.#stemLength = Math.max(0, length - STEM_SLACK_BYTES);
  }

  /** Returns a number that orders the key of an input among those with the stem; missing bytes count as zeros. */
  #numberOf(input: number): number {
    const { keyBytes, keyStart, keyEnd, shared = 0 } = this.#at(input);
    const stemLength = this.#stemLength;
    // An input that had the stem and shares as much with the row before still has it.
    const hasStem = shared >= stemLength && Number.isFinite(this.#numbers[input]);
    if (!hasStem && !this.#beginsWithStem(keyBytes, keyStart, keyEnd))
      return this.#forward ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
    const at = keyStart + stemLength;
    if (at + WINDOW_BYTES <= keyEnd) {
      const high =
        ((keyBytes[at] as number) << 16) | ((keyBytes[at + 1] as number) << 8) | (keyBytes[at + 2] as number);
      const low =
        ((keyBytes[at + 3] as number) << 16) |
        ((keyBytes[at + 4] as number) << 8) |
        (keyBytes[at + 5] as number);
      return high * 0x100_0000 + low;
    }
    let number = 0;
    for (let index = at; index < at + WINDOW_BYTES; index += 1) {
      number = number * 0x100 + (index < keyEnd ? (keyBytes[index] as number) : 0);
    }
    return number;
  }

  #beginsWithStem(keyBytes: Uint8Array, keyStart: number, keyEnd: number): boolean {
    const stemBytes = this.#stemBytes;
    const stemStart = this.#stemStart;
    const stemLength = this.#stemLength;
    if (keyEnd - keyStart < stemLength) return false;
    // From the end, where neighbours differ.
    for (let index = stemLength - 1; index >= 0; index -= 1) {
      if (keyBytes[keyStart + index] !== stemBytes[stemStart + index]) return false;
    }
    return true;
  }

  #at(input: number): Input {
    return this.#cursors[input] as Input;
  }

  #blockedInputs(): number[] {
    const blocked: number[] = [];
    this.#steps.forEach((step, input) => {
      if (step === BLOCKED) blocked.push(input);
    });
    return blocked;
  }
}
