/** What the parts of the protocol share. */
import type { Item } from '../item/item.ts';
import type { MemberRecord, RecordFactory } from '../member/member-record.ts';
import type { MemberView } from '../member/member-view.ts';
import { type Message, RUMOUR } from '../wire/message.ts';
import { ITEM_OVERHEAD_BYTES, messageBytes } from '../wire/message-codec.ts';
import { PACKET_OVERHEAD_BYTES } from '../wire/packet-header.ts';
import type { Announcements } from './announcements.ts';
import type { ByteBudget } from './byte-budget.ts';
import type { CoreHost } from './core-host.ts';
import type { Counters } from './counters.ts';
import type { Deadlines } from './deadlines.ts';
import type { LocalHealth } from './local-health.ts';
import type { RumourQueue } from './rumour-queue.ts';
import type { Tuning } from './tuning.ts';

const NOTHING: Message = { kind: RUMOUR, items: [] };

/** The state of a member that is not its parts' own. */
export interface CoreContext {
  readonly tuning: Tuning;
  readonly host: CoreHost;
  readonly view: MemberView;
  readonly records: RecordFactory;
  readonly deadlines: Deadlines;
  readonly health: LocalHealth;
  readonly budget: ByteBudget;
  readonly counters: Counters;
  readonly queue: RumourQueue;
  readonly announcements: Announcements;
  /** The member's own slot and id. */
  readonly slot: number;
  readonly id: number;
  /** Returns the next number for a question. */
  nextSeq(): number;
}

/** Returns the record of the member itself. */
export function ownRecord({ view, slot }: CoreContext): MemberRecord {
  return view.get(slot) as MemberRecord;
}

/** Returns how often an item is sent by everybody who learns it. */
export function transmitLimit({ view }: CoreContext): number {
  return 4 * Math.ceil(Math.log10(view.reachable + 1));
}

/** Returns what fits behind a message without items. */
export function roomBehind({ tuning }: CoreContext, message: Message): number {
  return tuning.datagramBytes - PACKET_OVERHEAD_BYTES - messageBytes(message);
}

/** Returns how large items of a round of rumours are at most, when no bandwidth was used before. */
export function roundBytesMax(context: CoreContext, peers: number): number {
  return Math.min(roomBehind(context, NOTHING), roundShare(context.budget.rumourBytesMax, peers));
}

/** Returns how large items of a round of rumours are at most, with what bandwidth there is. */
export function roundBytes(context: CoreContext, peers: number): number {
  const { budget, host } = context;
  return Math.min(roomBehind(context, NOTHING), roundShare(budget.forRumours(host.now()), peers));
}

function roundShare(bytes: number, peers: number): number {
  return Math.floor(bytes / peers) - PACKET_OVERHEAD_BYTES - messageBytes(NOTHING);
}

/**
 * Sends a probe or an answer to one: always, with `first` and as many rumours as fit and the bandwidth allows.
 */
export function sendProbe(
  context: CoreContext,
  address: string,
  message: Message,
  first: Item | undefined,
): void {
  const { queue, budget, host } = context;
  const now = host.now();
  let whole = first === undefined ? message : { ...message, items: [first] };
  budget.charge(messageBytes(whole) + PACKET_OVERHEAD_BYTES, now);
  const room = queue.size === 0 ? 0 : Math.min(roomBehind(context, whole), budget.forRumours(now));
  if (room > 0) {
    const items = queue.take(room, 1, transmitLimit(context));
    budget.charge(
      items.reduce((sum, { bytes }) => sum + bytes.length + ITEM_OVERHEAD_BYTES, 0),
      now,
    );
    if (items.length > 0)
      whole = { ...whole, items: [...whole.items, ...items.filter((item) => item !== first)] };
  }
  host.send(address, whole);
}

/** Sends a message if the bandwidth allows it. */
export function sendIfAffordable(
  { budget, host, counters }: CoreContext,
  address: string,
  message: Message,
): boolean {
  const isRumour = message.kind === RUMOUR;
  const isAffordable = budget.take(messageBytes(message) + PACKET_OVERHEAD_BYTES, host.now(), isRumour);
  if (isAffordable) host.send(address, message);
  else counters.overBudget += 1;
  return isAffordable;
}
