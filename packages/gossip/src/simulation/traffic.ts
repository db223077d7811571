/**
 * Bytes sent in datagrams, per node, and the most of any second.
 *
 * Invariants:
 * - Seconds are those of the virtual clock, [0, 1000), [1000, 2000), …
 */

/** What nodes sent. */
export class Traffic {
  #bytes: Float64Array;
  #packets: Float64Array;
  #second: Float64Array;
  #inSecond: Float64Array;
  #most: Float64Array;

  /** Counts for `nodes` nodes. */
  constructor(nodes: number) {
    this.#bytes = new Float64Array(nodes);
    this.#packets = new Float64Array(nodes);
    this.#second = new Float64Array(nodes);
    this.#inSecond = new Float64Array(nodes);
    this.#most = new Float64Array(nodes);
  }

  /** All bytes sent. */
  get bytes(): number {
    return this.#bytes.reduce((sum, one) => sum + one, 0);
  }

  /** All datagrams sent. */
  get packets(): number {
    return this.#packets.reduce((sum, one) => sum + one, 0);
  }

  /** The most that a node sent in a second. */
  get mostPerSecond(): number {
    return this.#most.reduce((most, one, node) => Math.max(most, one, this.#inSecond[node] as number), 0);
  }

  /** Makes room for more nodes. */
  cover(nodes: number): void {
    if (nodes <= this.#bytes.length) return;
    const grown = (old: Float64Array): Float64Array => {
      const array = new Float64Array(2 * nodes);
      array.set(old);
      return array;
    };
    this.#bytes = grown(this.#bytes);
    this.#packets = grown(this.#packets);
    this.#second = grown(this.#second);
    this.#inSecond = grown(this.#inSecond);
    this.#most = grown(this.#most);
  }

  /** Notes a datagram. */
  note(node: number, bytes: number, nowMs: number): void {
    const second = Math.floor(nowMs / 1000);
    this.#bytes[node] = (this.#bytes[node] as number) + bytes;
    this.#packets[node] = (this.#packets[node] as number) + 1;
    if (this.#second[node] !== second) {
      this.#most[node] = Math.max(this.#most[node] as number, this.#inSecond[node] as number);
      this.#second[node] = second;
      this.#inSecond[node] = 0;
    }
    this.#inSecond[node] = (this.#inSecond[node] as number) + bytes;
  }
}
