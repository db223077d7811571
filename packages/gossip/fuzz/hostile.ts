/**
 * Hostile packets: bodies that a member with the key could send, and packets that anybody could.
 *
 * Most are true packets with one thing wrong: what is random from the first byte on is dropped at the first check.
 */
import { Packr } from 'msgpackr';
import type { Item } from '../src/item/item.ts';
import { deltaItem, memberItem, valueItem } from '../src/item/item-codec.ts';
import type { Status } from '../src/member/status.ts';
import { DELTA, type Message, NO_BYTES, RUMOUR } from '../src/wire/message.ts';
import { encodeMessage } from '../src/wire/message-codec.ts';
import type { Draw } from './draw.ts';

/** Names of what is done to a body or a packet. */
export const KINDS = [
  'true',
  'random bytes',
  'random bytes after the header',
  'cut',
  'bits flipped',
  'bytes put in',
  'replayed',
  'other cluster',
  'other key',
  'plaintext',
  'oversized',
  'random body',
  'body cut',
  'body with bits flipped',
  'huge lengths',
  'deep nesting',
  'absurd numbers',
  'absurd items',
  'unknown kind',
] as const;

const EDGES = [
  0,
  1,
  127,
  128,
  65_535,
  2 ** 31,
  2 ** 32 - 1,
  2 ** 32,
  2 ** 48 - 1,
  2 ** 48,
  2 ** 53 - 1,
  -1,
  0.5,
  NaN,
  Infinity,
];
const packr = new Packr({ useRecords: false });
const NO_COUNT = Buffer.from([0, 0]);

/** Returns a body of a kind that begins with authentic bytes of a member; `undefined` for other kinds. */
export function hostileBody(draw: Draw, kind: string, whole: Uint8Array): Uint8Array | undefined {
  switch (kind) {
    case 'random body':
      return draw.bytes(draw.below(300));
    case 'body cut':
      return whole.subarray(0, draw.below(whole.length));
    case 'body with bits flipped':
      return flipped(draw, whole);
    case 'huge lengths':
      return withHugeLength(draw, whole);
    case 'deep nesting':
      return Buffer.concat([Buffer.alloc(1 + draw.below(1100), draw.pick([0x91, 0x81, 0xdc])), NO_COUNT]);
    case 'absurd numbers':
      return Buffer.concat([packr.pack(absurdFields(draw)), NO_COUNT]);
    case 'absurd items':
      return encodeMessage(absurdMessage(draw));
    case 'unknown kind':
      return Buffer.concat([packr.pack([13 + draw.below(300), draw.random.uint32(), 'later']), NO_COUNT]);
    default:
      return undefined;
  }
}

/** Returns bytes with up to eight bits changed. */
export function flipped(draw: Draw, bytes: Uint8Array): Uint8Array {
  const changed = new Uint8Array(bytes);
  for (let flips = 1 + draw.below(8); flips > 0 && changed.length > 0; flips -= 1) {
    const at = draw.below(changed.length);
    changed[at] = (changed[at] as number) ^ (1 << draw.below(8));
  }
  return changed;
}

function withHugeLength(draw: Draw, whole: Uint8Array): Uint8Array {
  const head = draw.pick([
    [0xdd, 0xff, 0xff, 0xff, 0xff],
    [0xdf, 0x7f, 0xff, 0xff, 0xff],
    [0xc6, 0xff, 0xff, 0xff, 0xf0],
    [0xdb, 0x0f, 0xff, 0xff, 0xff],
    [0xdc, 0xff, 0xff],
  ]);
  const at = draw.below(whole.length + 1);
  return Buffer.concat([whole.subarray(0, at), Buffer.from(head), whole.subarray(at)]);
}

function absurdFields(draw: Draw): unknown[] {
  const field = (): unknown =>
    draw.pick<() => unknown>([
      () => draw.pick(EDGES),
      () => draw.bytes(draw.below(40)),
      () => 'x'.repeat(draw.below(300)),
      () => null,
      () => [draw.pick(EDGES)],
      () => Buffer.alloc(1024),
    ])();
  return [1 + draw.below(13), ...Array.from({ length: draw.below(8) }, field)];
}

/** A message that is well formed, and says what cannot be. */
function absurdMessage(draw: Draw): Message {
  const number = (most: number): number => Math.min(most, Math.max(0, Math.trunc(draw.pick(EDGES)) || 0));
  const gen = number(2 ** 48 - 1);
  const id = draw.oneIn(2) ? number(2 ** 48 - 1) : draw.below(4);
  const make: readonly (() => Item)[] = [
    () =>
      memberItem({
        name: draw.pick(['a', 'b', 'c', 'stranger']),
        gen,
        inc: number(2 ** 32 - 1),
        status: draw.below(4) as Status,
        address: draw.pick(['10.0.0.1:1', '255.255.255.255:65535', '[::1]:1']),
        by: id,
      }),
    () =>
      valueItem(id, gen, 'key', {
        version: number(2 ** 48 - 1) || 1,
        value: draw.oneIn(2) ? undefined : packr.pack(1),
      }),
    () => {
      const from = number(2 ** 48 - 2);
      return deltaItem({ id, gen, from, to: number(2 ** 48 - 1), gc: number(2 ** 48 - 1), entries: [] });
    },
  ];
  const items = Array.from({ length: draw.below(6) }, () => draw.pick(make)());
  return draw.oneIn(2)
    ? { kind: RUMOUR, items }
    : {
        kind: DELTA,
        seq: number(2 ** 32 - 1),
        more: 0,
        large: draw.oneIn(2) ? NO_BYTES : draw.bytes(20),
        items,
      };
}
