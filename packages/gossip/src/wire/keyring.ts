/**
 * The keys of a cluster: one that packets are sealed with, and others that are understood.
 *
 *     install everywhere ─► every member says that it has it ─► promote everywhere ─► remove the old one everywhere
 *
 * Each sender has subkeys of its own, derived from what its headers say, so that no two processes ever use one key with one
 * nonce; a key shared by all with random nonces would be worn out within days in a large cluster.
 *
 * Invariants:
 * - The primary key is one of the keys; there is always one.
 * - Keys are never sent.
 */
import { createHash, hkdfSync } from 'node:crypto';
import { ClorthoError } from '@clortho/base';

/** The bytes of a key: AES-256. */
const KEY_BYTES = 32;
/** The most keys of a ring. */
const KEYS_MAX = 8;
/** Subkeys remembered; others are derived again. */
const SUBKEYS_MAX = 32_768;

interface RingKey {
  readonly id: number;
  readonly bytes: Uint8Array;
}

/** Keys by their ids. */
export class Keyring {
  #keys: RingKey[];
  readonly #subkeys = new Map<string, Buffer>();

  /**
   * Creates a ring; the first key is the primary one. The bytes are copied.
   *
   * @throws {ClorthoError} `CLORTHO_INVALID` if there is no key, too many, or one is not 32 bytes.
   */
  constructor(keys: readonly Uint8Array[]) {
    if (keys.length === 0 || keys.length > KEYS_MAX)
      throw new ClorthoError('CLORTHO_INVALID', `a keyring has 1 to ${KEYS_MAX} keys: keys=${keys.length}`);
    this.#keys = [];
    for (const key of keys) this.install(key);
  }

  /** The id of the primary key. */
  get primary(): number {
    return (this.#keys[0] as RingKey).id;
  }

  /** The ids of all keys, ascending. */
  get ids(): number[] {
    return this.#keys.map(({ id }) => id).sort((left, right) => left - right);
  }

  /**
   * Adds a key that is understood from now on, and returns its id.
   *
   * @throws {ClorthoError} `CLORTHO_INVALID` if it is not 32 bytes or the ring is full.
   */
  install(key: Uint8Array): number {
    if (key.length !== KEY_BYTES)
      throw new ClorthoError('CLORTHO_INVALID', `a key has ${KEY_BYTES} bytes: bytes=${key.length}`);
    const id = keyId(key);
    if (this.#keys.some((known) => known.id === id)) return id;
    if (this.#keys.length === KEYS_MAX)
      throw new ClorthoError('CLORTHO_INVALID', `a keyring has at most ${KEYS_MAX} keys: remove one first`);
    this.#keys.push({ id, bytes: new Uint8Array(key) });
    return id;
  }

  /**
   * Seals with the key `id` from now on.
   *
   * @throws {ClorthoError} `CLORTHO_INVALID` if the ring does not have it.
   */
  promote(id: number): void {
    const key = this.#keys.find((known) => known.id === id);
    if (key === undefined) throw new ClorthoError('CLORTHO_INVALID', `the keyring has no such key: id=${id}`);
    this.#keys = [key, ...this.#keys.filter((known) => known !== key)];
  }

  /**
   * Understands the key `id` no longer.
   *
   * @throws {ClorthoError} `CLORTHO_INVALID` if it is the primary one.
   */
  remove(id: number): void {
    if (id === this.primary)
      throw new ClorthoError('CLORTHO_INVALID', `the primary key cannot be removed: id=${id}`);
    this.#keys = this.#keys.filter((known) => known.id !== id);
    this.#subkeys.clear();
  }

  /** Tells whether the ring has the key `id`. */
  has(id: number): boolean {
    return this.#keys.some((known) => known.id === id);
  }

  /** Returns the subkey of a sender under the key `id`: of the header bytes [4, 32) of its packets. */
  subkey(id: number, senderBytes: Buffer): Buffer | undefined {
    const name = senderBytes.toString('latin1');
    const known = this.#subkeys.get(name);
    if (known !== undefined) return known;
    const key = this.#keys.find((one) => one.id === id);
    return key && Buffer.from(hkdfSync('sha256', key.bytes, 'clortho gossip 1', senderBytes, KEY_BYTES));
  }

  /** Remembers a subkey with which a packet was opened: only such ones, or strangers could fill the memory. */
  remember(senderBytes: Buffer, subkey: Buffer): void {
    const name = senderBytes.toString('latin1');
    if (this.#subkeys.has(name)) return;
    this.#subkeys.set(name, subkey);
    if (this.#subkeys.size <= SUBKEYS_MAX) return;
    const [oldest] = this.#subkeys.keys();
    if (oldest !== undefined) this.#subkeys.delete(oldest);
  }
}

/** Returns the id of a key: 32 bits of a hash of it, never 0. */
export function keyId(key: Uint8Array): number {
  const hash = createHash('sha256').update('clortho gossip key id').update(key).digest();
  return Math.max(1, hash.readUInt32BE(0));
}
