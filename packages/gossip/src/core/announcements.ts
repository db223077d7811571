/**
 * Changes that are too large for rumours: the state of their member is told instead, and who is behind it fetches them.
 *
 *     owner ── PAGE state ──► anybody ── WANT over a stream ──► owner ── DELTA ──► anybody ── PAGE state ──► others
 *
 * Invariants:
 * - Somebody tells only what it has, each change as often as a rumour; `fetcher.ts` decides whom to ask.
 * - Of at most `MEMBERS_MAX` members changes are told, and of as many awaited; exchanges of digests repair what is given up.
 */
import type { MemberRecord } from '../member/member-record.ts';
import type { MemberState } from '../wire/page-entries.ts';

/** The number of a PAGE that announces; nobody waits for it. */
export const ANNOUNCEMENT_SEQ = 0;

const MEMBERS_MAX = 256;
/** What a packet of states takes of one at most. */
const STATES_MAX = 16;

interface Awaited {
  readonly gen: number;
  readonly max: number;
}

/** The announcements of one member. */
export class Announcements {
  /** How often the changes of a member were told, by its id. */
  readonly #told = new Map<number, number>();
  readonly #awaited = new Map<number, Awaited>();

  /** Of how many members changes are told. */
  get size(): number {
    return this.#told.size;
  }

  /** Begins to tell that a member changed. */
  tell(id: number): void {
    putLast(this.#told, id, 0);
  }

  /** Notes that a change is to come. */
  expect({ id, gen, max }: MemberState): void {
    const known = this.#awaited.get(id);
    if (known?.gen === gen && known.max >= max) return;
    putLast(this.#awaited, id, { gen, max });
  }

  /** Notes what is known of a member: if that was awaited, it is told on. */
  arrived({ item, kv }: MemberRecord): void {
    const awaited = this.#awaited.get(item.id);
    if (awaited === undefined || item.gen < awaited.gen) return;
    if (item.gen === awaited.gen && kv.max < awaited.max) return;
    this.#awaited.delete(item.id);
    this.tell(item.id);
  }

  /** Returns the members to tell of and counts them as told `times` more; `limit` is how often that is done. */
  take(times: number, limit: number): number[] {
    const ids = [...this.#told.keys()].slice(0, STATES_MAX);
    for (const id of ids) {
      const told = (this.#told.get(id) ?? 0) + times;
      this.#told.delete(id);
      if (told < limit) this.#told.set(id, told);
    }
    return ids;
  }
}

function putLast<V>(map: Map<number, V>, id: number, value: V): void {
  map.delete(id);
  map.set(id, value);
  if (map.size <= MEMBERS_MAX) return;
  const [oldest] = map.keys();
  if (oldest !== undefined) map.delete(oldest);
}
