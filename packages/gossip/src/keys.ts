/**
 * Changing the key of a running cluster without losing a packet.
 *
 *     install(new) on every member ─► isEverywhere(new) ─► promote(new) on every member ─► remove(old) on every member
 *
 * Every member tells the ids of its keys as the value of `$keyring`, the primary one first; the keys themselves never travel.
 *
 * Invariants:
 * - A key is promoted only when every reachable member has it, and removed only when none seals with it.
 */
import { ClorthoError } from '@clortho/base';
import type { GossipValue } from './value-codec.ts';
import type { Keyring } from './wire/keyring.ts';

/** The reserved key under which a member tells the ids of its keys. */
export const KEYRING_KEY = '$keyring';

/** How the keys of a member are told and seen. */
export interface KeyringReports {
  /** Tells the ids of this member's keys. */
  tell(ids: readonly number[]): void;
  /** Returns what the reachable members tell, this one included; `undefined` for one of whom nothing is known. */
  all(): (GossipValue | undefined)[];
}

/** The keys of this member. */
export class Keys {
  readonly #keyring: Keyring;
  readonly #reports: KeyringReports;

  /** Creates the keys over a ring, and tells them. */
  constructor(keyring: Keyring, reports: KeyringReports) {
    this.#keyring = keyring;
    this.#reports = reports;
    this.#tell();
  }

  /** The id of the key that this member seals with. */
  get primary(): number {
    return this.#keyring.primary;
  }

  /** The ids of all keys, ascending. */
  get ids(): readonly number[] {
    return this.#keyring.ids;
  }

  /**
   * Understands a key of 32 bytes from now on, and returns its id.
   *
   * @throws {ClorthoError} `CLORTHO_INVALID` if it is no key or the ring is full.
   */
  install(key: Uint8Array): number {
    const id = this.#keyring.install(key);
    this.#tell();
    return id;
  }

  /** Tells whether every reachable member is known to have a key. */
  isEverywhere(id: number): boolean {
    return this.#reports.all().every((report) => Array.isArray(report) && report.includes(id));
  }

  /**
   * Seals with a key from now on.
   *
   * @throws {ClorthoError} `CLORTHO_CONFLICT` if not every reachable member is known to have it; `CLORTHO_INVALID` if
   *   this one has not.
   */
  promote(id: number): void {
    if (this.#keyring.has(id) && !this.isEverywhere(id))
      throw new ClorthoError('CLORTHO_CONFLICT', `not every member has the key: id=${id}`);
    this.#keyring.promote(id);
    this.#tell();
  }

  /**
   * Understands a key no longer.
   *
   * @throws {ClorthoError} `CLORTHO_CONFLICT` if somebody may seal with it; `CLORTHO_INVALID` if this member does.
   */
  remove(id: number): void {
    const isUsed = this.#reports.all().some((report) => !Array.isArray(report) || report[0] === id);
    if (id !== this.primary && isUsed)
      throw new ClorthoError('CLORTHO_CONFLICT', `a member may seal with the key: id=${id}`);
    this.#keyring.remove(id);
    this.#tell();
  }

  #tell(): void {
    const { primary, ids } = this.#keyring;
    this.#reports.tell([primary, ...ids.filter((id) => id !== primary)]);
  }
}
