/**
 * Fetches over streams what datagrams do not hold: of each member from one other at a time.
 *
 *     fetch ── WANT ──► teller      connected: waits for its end, however long the transfer takes
 *                                   not connected soon: whoever tells of it next is asked as well
 *                                   ended: who told of more meanwhile is asked
 *
 * Many tell of the same change within a second. Asking each of them would have the same megabyte sent several times over the
 * links that are the reason why it takes so long.
 *
 * Invariants:
 * - Streams go to where a member says that it is, not to where its datagrams come from: a mapping or a forger changes that.
 * - Who tells of something while it is fetched is remembered, the last one of each member only.
 */
import { NO_ITEMS } from '../item/item.ts';
import { WANT } from '../wire/message.ts';
import { encodeWant } from '../wire/page-entries.ts';
import type { CoreContext } from './core-context.ts';
import type { Membership } from './membership.ts';

/** What somebody has of a member. */
export interface Told {
  readonly id: number;
  readonly gen: number;
  readonly max: number;
}

/** A stream to somebody. */
interface Fetch {
  readonly since: number;
  isConnected: boolean;
  /** What was told meanwhile, and in which slot the teller is, by the id of the member told of. */
  readonly next: Map<number, { readonly teller: number; readonly told: Told }>;
}

/** After so long without a connection others are asked too: a lost handshake costs a stream a second. */
const CONNECT_MS = 300;
/** After so long others are asked although something still arrives. */
const FETCH_MS_MAX = 30_000;

/** Fetches changes. */
export class Fetcher {
  readonly #context: CoreContext;
  readonly #membership: Membership;
  /** By the id of the member whose changes are fetched. */
  readonly #underWay = new Map<number, Fetch>();

  /** Creates a fetcher that stops with `membership`. */
  constructor(context: CoreContext, membership: Membership) {
    this.#context = context;
    this.#membership = membership;
  }

  /** Returns where streams to the member of a slot go; `undefined` if it is not known, or is this one. */
  addressOf(slot: number | undefined): string | undefined {
    const { view, slot: own } = this.#context;
    return slot === undefined || slot === own ? undefined : view.get(slot)?.item.address;
  }

  /** Asks the member of a slot for what it has and this one lacks, apart from what is on its way. */
  fetch(teller: number | undefined, list: readonly Told[]): void {
    const { view, host, nextSeq } = this.#context;
    const address = this.addressOf(teller);
    if (teller === undefined || address === undefined) return;
    const fetch: Fetch = { since: host.now(), isConnected: false, next: new Map() };
    const wants: Uint8Array[] = [];
    for (const told of list) {
      const { id, gen } = told;
      if (!this.#isLacking(told)) continue;
      const other = this.#underWay.get(id);
      if (other !== undefined && this.#isPending(other)) {
        other.next.set(id, { teller, told });
        continue;
      }
      this.#underWay.set(id, fetch);
      const known = view.of(id);
      wants.push(encodeWant({ id, gen, from: known?.item.gen === gen ? known.kv.max : 0 }));
    }
    if (wants.length === 0) return;
    const bytes = new Uint8Array(Buffer.concat(wants));
    host.sendOverStream(
      address,
      { kind: WANT, seq: nextSeq(), wants: bytes, items: NO_ITEMS },
      {
        connected: () => {
          fetch.isConnected = true;
        },
        ended: () => this.#ended(fetch),
      },
    );
  }

  #ended(fetch: Fetch): void {
    for (const [id, other] of this.#underWay) if (other === fetch) this.#underWay.delete(id);
    if (this.#membership.isStopped) return;
    const byTeller = new Map<number, Told[]>();
    for (const { teller, told } of fetch.next.values())
      byTeller.set(teller, [...(byTeller.get(teller) ?? []), told]);
    for (const [teller, list] of byTeller) this.fetch(teller, list);
  }

  #isPending({ since, isConnected }: Fetch): boolean {
    return this.#context.host.now() - since < (isConnected ? FETCH_MS_MAX : CONNECT_MS);
  }

  #isLacking({ id, gen, max }: Told): boolean {
    const { view, id: own } = this.#context;
    const known = view.of(id);
    if (id === own) return false;
    return known === undefined || known.item.gen < gen || (known.item.gen === gen && known.kv.max < max);
  }
}
