/**
 * The header of every packet, in the clear: what is needed to find the key and to drop what is not for us.
 *
 *     offset  size
 *     0       2     magic "Cg"
 *     2       1     version, 1
 *     3       1     flags: bit 0 encrypted, bit 1 sent over a stream
 *     4       8     cluster tag
 *     12      4     key id; 0 in plaintext
 *     16      6     id of the sender
 *     22      6     generation of the sender
 *     28      4     salt, drawn when the sender started
 *     32      8     counter
 *     40      …     message, encrypted unless bit 0 is clear
 *     end-16  16    authentication tag, only if bit 0 is set
 *
 * Invariants:
 * - The header is authenticated with the message.
 */
import { CLUSTER_TAG_BYTES, MEMBER_ID_BYTES } from '../member/member-id.ts';

/** The bytes of the header. */
export const HEADER_BYTES = 40;
/** The bytes of the tag. */
export const TAG_BYTES = 16;
/** What a packet takes beside its message. */
export const PACKET_OVERHEAD_BYTES: number = HEADER_BYTES + TAG_BYTES;
/** The format that this code writes and reads. */
export const PACKET_VERSION = 1;
/** The message is encrypted. */
export const FLAG_ENCRYPTED = 1;
/** The packet came over a stream. */
export const FLAG_STREAM = 2;

/** Offsets of the fields. */
export const AT = {
  version: 2,
  flags: 3,
  cluster: 4,
  key: 12,
  sender: 16,
  gen: 22,
  salt: 28,
  counter: 32,
} as const;

/** What a header says. */
export interface PacketHeader {
  readonly flags: number;
  readonly key: number;
  readonly sender: number;
  readonly gen: number;
  readonly salt: number;
  readonly counter: number;
}

const MAGIC_FIRST = 0x43;
const MAGIC_SECOND = 0x67;

/** Writes a header at the beginning of `target`. */
export function writeHeader(target: Buffer, cluster: Uint8Array, header: PacketHeader): void {
  target[0] = MAGIC_FIRST;
  target[1] = MAGIC_SECOND;
  target[AT.version] = PACKET_VERSION;
  target[AT.flags] = header.flags;
  target.set(cluster, AT.cluster);
  target.writeUInt32BE(header.key, AT.key);
  target.writeUIntBE(header.sender, AT.sender, MEMBER_ID_BYTES);
  target.writeUIntBE(header.gen, AT.gen, 6);
  target.writeUInt32BE(header.salt, AT.salt);
  target.writeUInt32BE(Math.floor(header.counter / 2 ** 32), AT.counter);
  target.writeUInt32BE(header.counter >>> 0, AT.counter + 4);
}

/** Tells whether `packet` begins as a packet of any version does. */
export function hasMagic(packet: Uint8Array): boolean {
  return packet[0] === MAGIC_FIRST && packet[1] === MAGIC_SECOND;
}

/** Tells whether a packet is of the cluster with this tag. */
export function isOfCluster(packet: Uint8Array, cluster: Uint8Array): boolean {
  for (let index = 0; index < CLUSTER_TAG_BYTES; index += 1)
    if (packet[AT.cluster + index] !== cluster[index]) return false;
  return true;
}

/** Returns the fields of a header; the packet is at least {@link HEADER_BYTES} long. */
export function readHeader(packet: Uint8Array): PacketHeader {
  const view = Buffer.from(packet.buffer, packet.byteOffset, packet.length);
  return {
    flags: view[AT.flags] as number,
    key: view.readUInt32BE(AT.key),
    sender: view.readUIntBE(AT.sender, MEMBER_ID_BYTES),
    gen: view.readUIntBE(AT.gen, 6),
    salt: view.readUInt32BE(AT.salt),
    counter: view.readUInt32BE(AT.counter) * 2 ** 32 + view.readUInt32BE(AT.counter + 4),
  };
}
