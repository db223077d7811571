/**
 * Frames of a stream: a length and a packet.
 *
 *     | length 4, big endian | packet |
 *
 * Invariants:
 * - Not a byte more is kept than the bound of a frame and one chunk of the socket.
 */

/** The bytes before a frame. */
const FRAME_HEAD_BYTES = 4;

/** Returns a frame with a packet. */
export function encodeFrame(packet: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(FRAME_HEAD_BYTES + packet.length);
  frame.writeUInt32BE(packet.length, 0);
  frame.set(packet, FRAME_HEAD_BYTES);
  return frame;
}

/** Cuts a stream into packets. */
export class FrameReader {
  readonly #bytesMax: number;
  #chunks: Buffer[] = [];
  #have = 0;

  /** Creates a reader of packets of at most `bytesMax`. */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** Whether the stream ended, if it ends now, between two packets. */
  get isBetween(): boolean {
    return this.#have === 0;
  }

  /** Takes the next bytes and returns the packets that they complete; `undefined` if a packet is too long. */
  take(chunk: Buffer): Buffer[] | undefined {
    const packets: Buffer[] = [];
    this.#chunks.push(chunk);
    this.#have += chunk.length;
    for (;;) {
      const length = this.#lengthOfNext();
      if (length === undefined) return packets;
      if (length > this.#bytesMax) return undefined;
      if (this.#have < FRAME_HEAD_BYTES + length) return packets;
      const whole = this.#chunks.length === 1 ? (this.#chunks[0] as Buffer) : Buffer.concat(this.#chunks);
      packets.push(whole.subarray(FRAME_HEAD_BYTES, FRAME_HEAD_BYTES + length));
      const rest = whole.subarray(FRAME_HEAD_BYTES + length);
      this.#chunks = rest.length > 0 ? [rest] : [];
      this.#have = rest.length;
    }
  }

  #lengthOfNext(): number | undefined {
    if (this.#have < FRAME_HEAD_BYTES) return undefined;
    const [first] = this.#chunks;
    if (first !== undefined && first.length >= FRAME_HEAD_BYTES) return first.readUInt32BE(0);
    this.#chunks = [Buffer.concat(this.#chunks)];
    return (this.#chunks[0] as Buffer).readUInt32BE(0);
  }
}
