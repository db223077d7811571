/**
 * What is to be told: items with the number of times that they were sent.
 *
 * Each item is sent 4·⌈log10(N + 1)⌉ times by everybody who learns it, those sent least often first, of these the newest.
 * Facts about membership come before values, but never take the whole packet: a cluster in turmoil must still hear its
 * users' data.
 *
 *     tiers[rank][sent]   rank: refutation, membership, value       a packet takes from the first tiers that have something
 *
 * Filling a packet costs as much as goes into it, however much waits.
 *
 * Invariants:
 * - An item that replaces another takes its place; of a suspect, the accusations of several accusers are kept.
 * - At most `RUMOURS_MAX` items wait; the value that was sent most often goes first, exchanges of digests repair that.
 * - At most `PLACES_MAX` places are taken, however often items replace each other while none is sent.
 */
import type { Item, MemberItem, ValueItem } from '../item/item.ts';
import { SUSPECT } from '../member/status.ts';
import { ITEM_OVERHEAD_BYTES } from '../wire/message-codec.ts';

/** The most items that wait. */
const RUMOURS_MAX = 4096;
/** What is kept free for values in a full packet. */
const VALUE_BYTES_RESERVED = 400;

const REFUTATION = 0;
const MEMBERSHIP = 1;
const VALUE = 2;
const ACCUSATIONS_MAX = 4;
/** No item is smaller: less room than this is no room. */
const ITEM_BYTES_MIN = 24;
/** How many items that do not fit are passed over before a packet is as good as full. */
const PASSED_MAX = 16;
/** So many places in tiers may be taken, by gone rumours too, before the gone ones are swept out. */
const PLACES_MAX: number = 4 * RUMOURS_MAX;

interface Rumour {
  readonly item: Item;
  readonly rank: number;
  sent: number;
  isGone: boolean;
}

/** The rumours that a member spreads. */
export class RumourQueue {
  /** How many rumours a full queue gave up. */
  dropped = 0;
  readonly #members = new Map<number, Rumour[]>();
  readonly #values = new Map<number, Map<string, Rumour>>();
  /** Rumours by rank and by how often they were sent, the newest last; gone ones stay until they are met. */
  readonly #tiers: readonly Rumour[][][] = [[], [], []];
  #count = 0;
  #places = 0;
  #valueBytes = 0;

  /** How many items wait. */
  get size(): number {
    return this.#count;
  }

  /** How many places in tiers are taken, by gone rumours too. */
  get places(): number {
    return this.#places;
  }

  /** Adds a fact about a member in the place of older ones. A refutation goes before everything else. */
  addMember(item: MemberItem, isRefutation = false): void {
    const rumours = this.#members.get(item.id) ?? [];
    const kept: Rumour[] = [];
    for (const rumour of rumours) {
      const isKept = item.status === SUSPECT && isOtherAccusation(rumour.item as MemberItem, item);
      if (isKept && kept.length < ACCUSATIONS_MAX - 1) kept.push(rumour);
      else this.#drop(rumour);
    }
    kept.push(this.#add(item, isRefutation ? REFUTATION : MEMBERSHIP));
    this.#members.set(item.id, kept);
    this.#bound();
  }

  /** Adds a value in the place of an older one of its key. */
  addValue(item: ValueItem): void {
    const values = this.#values.get(item.id) ?? new Map<string, Rumour>();
    const old = values.get(item.key);
    if (old !== undefined) this.#drop(old);
    values.set(item.key, this.#add(item, VALUE));
    this.#values.set(item.id, values);
    this.#bound();
  }

  /** Forgets what is said of a member. */
  forget(id: number): void {
    const rumours = this.#members.get(id);
    if (rumours === undefined) return;
    for (const rumour of rumours) this.#drop(rumour);
    this.#members.delete(id);
  }

  /**
   * Returns items of at most `bytes` together and counts them as sent `times` more; `limit` is how often an item is sent
   * before it is dropped.
   */
  take(bytes: number, times: number, limit: number): Item[] {
    if (this.#count === 0) return [];
    const taken: Rumour[] = [];
    const reserved = Math.min(VALUE_BYTES_RESERVED, this.#valueBytes);
    let left = bytes - reserved;
    left = this.#fill(REFUTATION, left, taken);
    left = this.#fill(MEMBERSHIP, left, taken) + reserved;
    left = this.#fill(VALUE, left, taken);
    this.#fill(MEMBERSHIP, left, taken);
    for (const rumour of taken) {
      rumour.sent += times;
      if (rumour.sent >= limit) this.#end(rumour);
      else this.#file(rumour);
    }
    return taken.map(({ item }) => item);
  }

  /** Moves rumours of a rank out of their tiers as long as there is room, and returns what room is left. */
  #fill(rank: number, room: number, taken: Rumour[]): number {
    let left = room;
    const passed: Rumour[] = [];
    for (const tier of this.#tiers[rank] as Rumour[][]) {
      while (tier.length > 0 && left >= ITEM_BYTES_MIN && passed.length < PASSED_MAX) {
        const rumour = tier.pop() as Rumour;
        this.#places -= 1;
        if (rumour.isGone) continue;
        const cost = costOf(rumour.item);
        if (cost > left) {
          passed.push(rumour);
          continue;
        }
        left -= cost;
        taken.push(rumour);
      }
    }
    for (const rumour of passed.reverse()) this.#file(rumour);
    return left;
  }

  #add(item: Item, rank: number): Rumour {
    const rumour: Rumour = { item, rank, sent: 0, isGone: false };
    this.#count += 1;
    if (rank === VALUE) this.#valueBytes += costOf(item);
    this.#file(rumour);
    return rumour;
  }

  #file(rumour: Rumour): void {
    const tiers = this.#tiers[rumour.rank] as Rumour[][];
    while (tiers.length <= rumour.sent) tiers.push([]);
    (tiers[rumour.sent] as Rumour[]).push(rumour);
    this.#places += 1;
    if (this.#places > PLACES_MAX) this.#sweep();
  }

  /** Drops a rumour that is still listed by its member or key. */
  #drop(rumour: Rumour): void {
    rumour.isGone = true;
    this.#count -= 1;
    if (rumour.rank === VALUE) this.#valueBytes -= costOf(rumour.item);
  }

  /** Drops a rumour and takes it off the list of its member or key. */
  #end(rumour: Rumour): void {
    const { item } = rumour;
    this.#drop(rumour);
    if (item.kind === 'value') {
      const values = this.#values.get(item.id);
      values?.delete(item.key);
      if (values?.size === 0) this.#values.delete(item.id);
      return;
    }
    const kept = (this.#members.get(item.id) ?? []).filter((one) => one !== rumour);
    if (kept.length === 0) this.#members.delete(item.id);
    else this.#members.set(item.id, kept);
  }

  #bound(): void {
    if (this.#count <= RUMOURS_MAX) return;
    const dropped = this.#mostSent(VALUE) ?? this.#mostSent(MEMBERSHIP);
    if (dropped !== undefined) this.#end(dropped);
    this.dropped += 1;
  }

  /** Returns the rumour of a rank that most have heard: the oldest of those sent most often. */
  #mostSent(rank: number): Rumour | undefined {
    const tiers = this.#tiers[rank] as Rumour[][];
    for (let sent = tiers.length - 1; sent >= 0; sent -= 1) {
      const found = tiers[sent]?.find(({ isGone }) => !isGone);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** Gone rumours below others that keep coming are never met: they must not pile up. */
  #sweep(): void {
    this.#places = 0;
    for (const tiers of this.#tiers) {
      for (const [sent, tier] of tiers.entries()) {
        const kept = tier.filter(({ isGone }) => !isGone);
        tiers[sent] = kept;
        this.#places += kept.length;
      }
    }
  }
}

function isOtherAccusation(old: MemberItem, item: MemberItem): boolean {
  return old.status === SUSPECT && old.gen === item.gen && old.inc === item.inc && old.by !== item.by;
}

function costOf({ bytes }: Item): number {
  return bytes.length + ITEM_OVERHEAD_BYTES;
}
