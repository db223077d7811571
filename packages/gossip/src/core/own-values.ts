/**
 * The keys of the member itself: eager ones are told at once, lazy ones wait and go out together.
 *
 * Spreading a change to everybody costs everybody a place in their packets: a cluster of 1,000 carries some thirty eager
 * changes per second, all members together. What changes often and may be seconds old (load, progress) is lazy: of many
 * changes only the last is published, and only exchanges of digests carry it.
 *
 * Invariants:
 * - A published change has the next version; the member itself reads its last change, published or not.
 * - Tombstones are forgotten when they are old, all up to a version, and the mark of that never goes back.
 */
import { ClorthoError } from '@clortho/base';
import type { Entry } from '../item/item.ts';
import { valueItem } from '../item/item-codec.ts';
import {
  DATAGRAM_VALUE_BYTES_MAX,
  isKey,
  KEYS_MAX,
  VALUE_BYTES_MAX,
  VALUES_BYTES_MAX,
} from '../item/limits.ts';
import { isWithinLimits, type KeyValues, withoutTombstones } from '../kv/key-values.ts';
import { type CoreContext, ownRecord, roundBytesMax } from './core-context.ts';
import { itemCost } from './delta-items.ts';

/** How a change travels. */
export type ValueClass = 'eager' | 'lazy';

const LAZY_MEMBERS_PER_SECOND = 200;
/**
 * The part of the largest round of rumours that a change may take to be told as one. Larger ones wait until others leave so
 * much bandwidth: under load that takes longer than fetching them.
 */
const RUMOUR_FRACTION = 0.6;

/** The member's own keys. */
export class OwnValues {
  readonly #context: CoreContext;
  readonly #lazy = new Map<string, Uint8Array | undefined>();
  #lazyAt = Number.NEGATIVE_INFINITY;
  /** When tombstones were made, oldest first. */
  #tombstones: { readonly version: number; readonly at: number }[] = [];

  /** Creates the keys of the member of `context`: those in its record. */
  constructor(context: CoreContext) {
    this.#context = context;
  }

  /**
   * Changes a key; `undefined` deletes it.
   *
   * @throws {ClorthoError} `CLORTHO_INVALID` if key, value or the sum of all are too large.
   */
  change(key: string, value: Uint8Array | undefined, valueClass: ValueClass): void {
    const { length } = key;
    if (!isKey(key)) throw new ClorthoError('CLORTHO_INVALID', `a key is 1 to 128 bytes: length=${length}`);
    if (value !== undefined && value.length > VALUE_BYTES_MAX)
      throw new ClorthoError('CLORTHO_INVALID', `a value is too large: key=${key} bytes=${value.length}`);
    this.#checkSum(key, value);
    if (valueClass === 'lazy') {
      this.#lazy.set(key, value);
      return;
    }
    this.#lazy.delete(key);
    this.#publish(key, value, true);
  }

  /** Returns the value of a key as the member itself sees it. */
  read(key: string): Uint8Array | undefined {
    return this.#lazy.has(key) ? this.#lazy.get(key) : ownRecord(this.#context).kv.entries.get(key)?.value;
  }

  /** Publishes lazy changes whose time has come, and forgets old tombstones. */
  maintain(): void {
    const { host, tuning, view } = this.#context;
    const now = host.now();
    const pauseMs = Math.max(tuning.lazyMs, (view.reachable * 1000) / LAZY_MEMBERS_PER_SECOND);
    if (this.#lazy.size > 0 && now - this.#lazyAt >= pauseMs) {
      this.#lazyAt = now;
      for (const [key, value] of this.#lazy) this.#publish(key, value, false);
      this.#lazy.clear();
    }
    this.#forgetTombstones(now);
  }

  #publish(key: string, value: Uint8Array | undefined, isEager: boolean): void {
    const { host } = this.#context;
    const { item, kv } = ownRecord(this.#context);
    if (value === undefined && kv.entries.get(key)?.value === undefined) return;
    const entry: Entry = { version: kv.max + 1, value };
    const entries = new Map(kv.entries);
    entries.set(key, entry);
    this.#store({ max: entry.version, gc: kv.gc, entries });
    if (value === undefined) this.#tombstones.push({ version: entry.version, at: host.now() });
    if (isEager) this.#spread(key, entry);
    host.emit({ type: 'update', member: item, keys: [key] });
  }

  /** Tells a change as a rumour, or of it if it would take most of a round of rumours. */
  #spread(key: string, entry: Entry): void {
    const { queue, announcements, tuning, id } = this.#context;
    if ((entry.value?.length ?? 0) > DATAGRAM_VALUE_BYTES_MAX) return announcements.tell(id);
    const item = valueItem(id, ownRecord(this.#context).item.gen, key, entry);
    const bytesMax = RUMOUR_FRACTION * roundBytesMax(this.#context, tuning.fanout);
    if (itemCost(item) <= bytesMax) queue.addValue(item);
    else announcements.tell(id);
  }

  #forgetTombstones(now: number): void {
    const old = this.#tombstones.filter(({ at }) => now - at >= this.#context.tuning.tombstoneMs);
    const last = old.at(-1);
    if (last === undefined) return;
    this.#tombstones = this.#tombstones.slice(old.length);
    this.#store(withoutTombstones(ownRecord(this.#context).kv, last.version));
  }

  #checkSum(key: string, value: Uint8Array | undefined): void {
    const entries = new Map<string, Entry>(ownRecord(this.#context).kv.entries);
    for (const [lazyKey, lazyValue] of this.#lazy) entries.set(lazyKey, { version: 1, value: lazyValue });
    entries.set(key, { version: 1, value });
    if (isWithinLimits(entries, VALUES_BYTES_MAX)) return;
    throw new ClorthoError(
      'CLORTHO_INVALID',
      `a member has too many keys or values: keysMax=${KEYS_MAX} bytesMax=${VALUES_BYTES_MAX}`,
    );
  }

  #store(kv: KeyValues): void {
    const { view, records, slot } = this.#context;
    view.set(slot, records.withKeyValues(ownRecord(this.#context), kv));
  }
}
