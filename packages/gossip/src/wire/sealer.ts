/**
 * Outgoing packets: header, message, tag.
 *
 *     key    = HKDF-SHA256(cluster key, header bytes [4, 32))       per cluster, key, sender, generation and start
 *     nonce  = salt 4 ‖ counter 8                                   the counter is never used twice with a key
 *
 * Invariants:
 * - Datagrams and streams count apart; the highest bit of the counter tells them apart.
 */
import { createCipheriv } from 'node:crypto';
import { ClorthoError, type Random } from '@clortho/base';
import type { Keyring } from './keyring.ts';
import { AT, FLAG_ENCRYPTED, FLAG_STREAM, HEADER_BYTES, TAG_BYTES, writeHeader } from './packet-header.ts';

/** Counters of streams begin here. */
export const STREAM_COUNTER: number = 2 ** 52;

/** Who seals, for whom. */
export interface SealerOptions {
  readonly cluster: Uint8Array;
  readonly sender: number;
  /** `undefined` for plaintext. */
  readonly keyring: Keyring | undefined;
  readonly random: Random;
}

/** Makes packets. */
export class Sealer {
  /** Drawn when this process started: it tells its packets from those of others with its name. */
  readonly salt: number;
  readonly #options: SealerOptions;
  #datagrams = 0;
  #frames = 0;

  /** Creates a sealer with a salt of its own. */
  constructor(options: SealerOptions) {
    this.#options = options;
    this.salt = options.random.uint32();
  }

  /** Returns a packet with `message`, owned by the caller. */
  seal(message: Uint8Array, gen: number, isStream: boolean): Buffer {
    const { cluster, sender, keyring } = this.#options;
    const counter = isStream ? STREAM_COUNTER + this.#frames : this.#datagrams;
    if (isStream) this.#frames += 1;
    else this.#datagrams += 1;
    const flags = (keyring === undefined ? 0 : FLAG_ENCRYPTED) | (isStream ? FLAG_STREAM : 0);
    const packet = Buffer.allocUnsafe(
      HEADER_BYTES + message.length + (keyring === undefined ? 0 : TAG_BYTES),
    );
    const key = keyring?.primary ?? 0;
    writeHeader(packet, cluster, { flags, key, sender, gen, salt: this.salt, counter });
    if (keyring === undefined) packet.set(message, HEADER_BYTES);
    else this.#encrypt(packet, message, keyring);
    return packet;
  }

  #encrypt(packet: Buffer, message: Uint8Array, keyring: Keyring): void {
    const senderBytes = packet.subarray(AT.cluster, AT.counter);
    const subkey = keyring.subkey(keyring.primary, senderBytes);
    if (subkey === undefined) throw new ClorthoError('CLORTHO_INVALID', 'the keyring has no primary key');
    keyring.remember(senderBytes, subkey);
    const cipher = createCipheriv('aes-256-gcm', subkey, packet.subarray(AT.salt, HEADER_BYTES));
    cipher.setAAD(packet.subarray(0, HEADER_BYTES));
    packet.set(cipher.update(message), HEADER_BYTES);
    cipher.final();
    packet.set(cipher.getAuthTag(), HEADER_BYTES + message.length);
  }
}
