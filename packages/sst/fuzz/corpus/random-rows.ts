/** Rows in the shapes that columns have cases for: prefixes, versions, ties, gaps, extremes. */
import { compareBytes } from '@clortho/base';
import { DELETE, MERGE, NEVER, PUT, type RangeDelete, type Row, type RowKind } from '../../src/index.ts';
import type { Draw } from '../draw.ts';

const text = new TextEncoder();

/** Returns up to `count` sorted rows; with `isTimeless`, one per key at timestamp 0. */
export function randomRows(draw: Draw, count: number, isTimeless: boolean): Row[] {
  const key = keyShape(draw);
  const time = isTimeless ? () => 0 : timeShape(draw);
  const value = valueShape(draw);
  const hasEnds = draw.oneIn(2);
  const kinds: readonly RowKind[] = draw.oneIn(3) ? [PUT] : [PUT, PUT, PUT, MERGE, DELETE];
  const rows = new Map<string, Row>();
  for (let index = 0; index < count; index += 1) {
    const kind = draw.pick(kinds);
    const row: Row = {
      key: key(index),
      timestamp: time(),
      endTimestamp: hasEnds && draw.oneIn(2) ? time() + (isTimeless ? draw.below(9) : 0) : NEVER,
      kind,
      value: kind === DELETE ? new Uint8Array(0) : value(index),
    };
    rows.set(`${Buffer.from(row.key).toString('hex')}@${row.timestamp}`, row);
  }
  return [...rows.values()].sort(
    (left, right) => compareBytes(left.key, right.key) || right.timestamp - left.timestamp,
  );
}

/** Returns `count` range deletes over short keys. */
export function randomRanges(draw: Draw, count: number): RangeDelete[] {
  return Array.from({ length: count }, () => {
    const start = draw.bytes(draw.below(4));
    const end = Uint8Array.from([...start, ...draw.bytes(draw.between(1, 3))]);
    return { start, end, timestamp: draw.below(2000) };
  });
}

function keyShape(draw: Draw): (index: number) => Uint8Array {
  const step = draw.between(1, 5);
  switch (draw.below(6)) {
    case 0:
      return (index) => text.encode(`user:${String(Math.floor(index / step)).padStart(5, '0')}`);
    case 1:
      return () => Uint8Array.from({ length: draw.below(4) }, () => draw.pick([0, 97, 98, 255]));
    case 2:
      return () => draw.bytes(draw.between(1, 12));
    case 3: {
      const stem = draw.bytes(draw.between(20, 60));
      return () => Uint8Array.from([...stem.subarray(0, draw.between(1, stem.length)), draw.below(3)]);
    }
    case 4:
      return (index) => Uint8Array.of(draw.below(2), 0, 0, 0, Math.floor(index / step));
    default:
      return () => text.encode(draw.pick(['', 'a', 'aa', 'ab', 'b', 'the only long key of all']));
  }
}

function timeShape(draw: Draw): () => number {
  switch (draw.below(5)) {
    case 0:
      return () => 1.7e15 + draw.below(5000);
    case 1:
      return () => draw.below(2 ** 31) * 2 ** 21 * (draw.oneIn(2) ? 1 : -1);
    case 2:
      return () => draw.pick([NEVER, -NEVER, 0, 1, -1, 2 ** 32, 2 ** 40, 1.7e15]);
    default:
      return () => draw.below(1000);
  }
}

function valueShape(draw: Draw): (index: number) => Uint8Array {
  switch (draw.below(4)) {
    case 0:
      return (index) => new Uint8Array(draw.between(0, 60)).fill(index);
    case 1:
      return () => draw.bytes(draw.below(20));
    case 2:
      return (index) => text.encode(`{"name":"row","size":${index % 7},"open":true}`);
    default:
      return () => new Uint8Array(0);
  }
}
