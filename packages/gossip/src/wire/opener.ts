/**
 * Incoming packets: what is not for us is dropped as early and as cheaply as possible, counted and never answered.
 *
 *     length ─► magic ─► version ─► cluster ─► flags ─► own? ─► muted? ─► key ─► replayed? ─► authentic? ─► a message?
 *
 * Invariants:
 * - Whatever the bytes, `open` does not throw; memory per source and sender is bounded.
 * - Nothing is remembered of a sender before a packet of it was authentic.
 */
import { createDecipheriv } from 'node:crypto';
import type { Sender } from '../core/core-host.ts';
import type { Keyring } from './keyring.ts';
import type { Message } from './message.ts';
import { decodeMessage } from './message-codec.ts';
import {
  AT,
  FLAG_ENCRYPTED,
  FLAG_STREAM,
  HEADER_BYTES,
  hasMagic,
  isOfCluster,
  PACKET_VERSION,
  type PacketHeader,
  readHeader,
  TAG_BYTES,
} from './packet-header.ts';
import { ReplayWindow } from './replay-window.ts';
import { STREAM_COUNTER } from './sealer.ts';
import { SourceMeter } from './source-meter.ts';

/** Why packets were dropped, and how many were not. */
export interface PacketCounters {
  accepted: number;
  /** Too short, too long or without the magic. */
  malformed: number;
  /** Of a version that is not understood. */
  unsupported: number;
  otherCluster: number;
  /** Encrypted where plaintext is expected, or the other way round; or a frame of a stream as a datagram. */
  wrongMode: number;
  /** Sealed with a key that the ring does not have. */
  unknownKey: number;
  /** From a source that sent too much that was not authentic. */
  muted: number;
  replayed: number;
  /** Not authentic: another key, or changed on the way. */
  forged: number;
  /** Authentic, but no message. */
  undecodable: number;
  /** Sent by this process itself. */
  own: number;
}

/** For whom packets are opened. */
export interface OpenerOptions {
  readonly cluster: Uint8Array;
  readonly self: number;
  /** What packets of this process have, and not those of another one with its name. */
  readonly salt: number;
  /** `undefined` for plaintext. */
  readonly keyring: Keyring | undefined;
  /** Returns monotonic milliseconds. */
  readonly now: () => number;
}

/** A message and who sent it. */
export interface Opened {
  readonly message: Message;
  readonly sender: Sender;
}

/** A window per sender that was ever authentic; those not heard of for longest are given up. */
const WINDOWS_MAX = 65_536;
const COUNTER_MAX: number = 2 ** 53;

/** Opens packets. */
export class Opener {
  readonly counters: PacketCounters = {
    accepted: 0,
    malformed: 0,
    unsupported: 0,
    otherCluster: 0,
    wrongMode: 0,
    unknownKey: 0,
    muted: 0,
    replayed: 0,
    forged: 0,
    undecodable: 0,
    own: 0,
  };
  readonly #options: OpenerOptions;
  readonly #windows = new Map<string, ReplayWindow>();
  readonly #meter = new SourceMeter();

  /** Creates an opener. */
  constructor(options: OpenerOptions) {
    this.#options = options;
  }

  /** Returns the message of a packet that came from `source`; `undefined` if it is dropped. */
  open(packet: Uint8Array, source: string, isStream: boolean): Opened | undefined {
    const { counters } = this;
    const { cluster, self, salt, keyring, now } = this.#options;
    const isEncrypted = keyring !== undefined;
    if (packet.length < HEADER_BYTES + (isEncrypted ? TAG_BYTES : 0) || !hasMagic(packet))
      return this.#drop('malformed');
    if (packet[AT.version] !== PACKET_VERSION) return this.#drop('unsupported');
    if (!isOfCluster(packet, cluster)) return this.#drop('otherCluster');
    const header = readHeader(packet);
    const flags = (isEncrypted ? FLAG_ENCRYPTED : 0) | (isStream ? FLAG_STREAM : 0);
    if (header.flags !== flags || header.counter >= STREAM_COUNTER !== isStream)
      return this.#drop('wrongMode');
    if (header.counter >= COUNTER_MAX) return this.#drop('malformed');
    if (header.sender === self && header.salt === salt) return this.#drop('own');
    if (this.#meter.isMuted(source, now())) return this.#drop('muted');
    if (keyring !== undefined && !keyring.has(header.key)) return this.#bad('unknownKey', source);
    const whole = Buffer.from(packet.buffer, packet.byteOffset, packet.length);
    const name = whole.toString('latin1', AT.sender, AT.counter) + (isStream ? 's' : '');
    const window = this.#windows.get(name);
    if (window?.isFresh(header.counter) === false) return this.#drop('replayed');
    const body = keyring === undefined ? packet.subarray(HEADER_BYTES) : decrypt(whole, header, keyring);
    if (body === undefined) return this.#bad('forged', source);
    this.#meter.good(source, now());
    this.#accept(name, window, header.counter);
    const message = decodeMessage(body);
    if (message === undefined) return this.#drop('undecodable');
    counters.accepted += 1;
    return { message, sender: { id: header.sender, gen: header.gen } };
  }

  #accept(name: string, known: ReplayWindow | undefined, counter: number): void {
    const window = known ?? new ReplayWindow();
    window.accept(counter);
    // Who is heard of goes last: strangers that come and go must not push out the windows of members.
    this.#windows.delete(name);
    this.#windows.set(name, window);
    if (this.#windows.size <= WINDOWS_MAX) return;
    const [oldest] = this.#windows.keys();
    if (oldest !== undefined) this.#windows.delete(oldest);
  }

  #bad(reason: 'unknownKey' | 'forged', source: string): undefined {
    this.#meter.bad(source, this.#options.now());
    return this.#drop(reason);
  }

  #drop(reason: keyof PacketCounters): undefined {
    this.counters[reason] += 1;
    return undefined;
  }
}

function decrypt(packet: Buffer, { key }: PacketHeader, keyring: Keyring): Buffer | undefined {
  const senderBytes = packet.subarray(AT.cluster, AT.counter);
  const subkey = keyring.subkey(key, senderBytes);
  if (subkey === undefined) return undefined;
  const end = packet.length - TAG_BYTES;
  const decipher = createDecipheriv('aes-256-gcm', subkey, packet.subarray(AT.salt, HEADER_BYTES));
  decipher.setAAD(packet.subarray(0, HEADER_BYTES));
  decipher.setAuthTag(packet.subarray(end));
  const body = decipher.update(packet.subarray(HEADER_BYTES, end));
  try {
    decipher.final();
  } catch {
    // The one thing that it throws for: the packet is not authentic. The caller counts it.
    return undefined;
  }
  keyring.remember(senderBytes, subkey);
  return body;
}
