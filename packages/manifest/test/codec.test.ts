import { ID_MIN } from '@clortho/base';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeHead,
  decodeSegment,
  encodeHead,
  encodeSegment,
  HEAD_RECORD,
  SEGMENT_RECORD,
} from '../src/codec.ts';
import type { Head } from '../src/head.ts';
import { decodeRecord, encodeRecord } from '../src/record.ts';
import type { Segment, SegmentReference } from '../src/segment.ts';
import { codeOf, expectDamageRefused } from './support/damage.ts';
import { anyEdits, editOf, entries, entryOf, fileId, referenceOf, STORE } from './support/entries.ts';

const number = fc.maxSafeNat();

const heads: fc.Arbitrary<Head> = fc
  .record({
    store: fc.string({ maxLength: 30 }),
    shard: fc.nat(999_999),
    epoch: number,
    upper: number,
    floor: number,
    gcFloor: fc.nat().map(fileId),
    state: fc.constantFrom('open' as const, 'sealed' as const),
    horizons: fc.dictionary(fc.nat(300).map(String), number, { maxKeys: 3, noNullPrototype: true }),
    spans: fc.array(fc.record({ versions: fc.integer({ min: 1, max: 1e9 }), size: fc.nat() }), {
      maxLength: 5,
    }),
    tail: fc.array(anyEdits, { maxLength: 4 }),
  })
  .map(({ spans, ...head }) => {
    let to = 0;
    const segments = spans.map(({ versions, size }, index): SegmentReference => {
      const from = to;
      to += versions;
      return { id: fileId(index), from, to, size };
    });
    return { ...head, segments, version: to + head.tail.length };
  });

const segments: fc.Arbitrary<Segment> = fc
  .record({
    from: fc.nat(),
    added: fc.array(entries, { maxLength: 4 }),
    removed: fc.array(entries.map(referenceOf), { maxLength: 4 }),
    tokens: fc.array(fc.string(), { minLength: 1, maxLength: 5 }),
    forgotten: fc.nat(100),
  })
  .map(({ forgotten, ...segment }) => ({ ...segment, to: segment.from + segment.tokens.length + forgotten }));

const head: Head = {
  store: STORE,
  shard: 7,
  version: 9,
  epoch: 2,
  upper: 1_700_000_000_000_001,
  floor: 5,
  horizons: { 0: 3, 12: 4 },
  gcFloor: ID_MIN,
  state: 'open',
  segments: [
    { id: fileId(1), from: 0, to: 5, size: 6 },
    { id: fileId(2), from: 5, to: 8, size: 2 },
  ],
  tail: [
    {
      ...editOf(9, [
        entryOf(3),
        entryOf(4, { tier: 'history', uniform: false, statistics: { s: Uint8Array.of(1) } }),
      ]),
      removed: [referenceOf(entryOf(5))],
    },
  ],
};
const segment: Segment = {
  from: 3,
  to: 5,
  added: [entryOf(1), entryOf(2, { upper: undefined, uniform: false })],
  removed: [referenceOf(entryOf(3))],
  tokens: ['a', 'b'],
};

describe('heads', () => {
  it('come back as they were encoded, and encode to the same bytes', () => {
    fc.assert(
      fc.property(heads, (drawn) => {
        const bytes = encodeHead(drawn);
        const decoded = decodeHead(bytes, 'here');
        expect(decoded).toEqual(drawn);
        expect(encodeHead(decoded)).toEqual(bytes);
      }),
    );
  });

  it('refuse damage', () => {
    expectDamageRefused(encodeHead(head), (bytes) => decodeHead(bytes, 'here'));
    expectShapeChecked(HEAD_RECORD, encodeHead(head), (bytes) => decodeHead(bytes, 'here'));
  });

  it('refuse a newer format, and a record of another kind', () => {
    const body = decodeRecord(HEAD_RECORD, encodeHead(head), 'here');
    const newer = encodeRecord({ ...HEAD_RECORD, version: 2 }, body);
    expect(codeOf(() => decodeHead(newer, 'here'))).toBe('CLORTHO_UNSUPPORTED');
    const other = encodeSegment(STORE, 7, segment);
    expect(codeOf(() => decodeHead(other, 'here'))).toBe('CLORTHO_CORRUPT');
  });

  it.each([
    ['a first segment above version 0', { segments: [{ id: fileId(1), from: 1, to: 8, size: 6 }] }],
    ['a gap between segments', { segments: [head.segments[0], { id: fileId(2), from: 6, to: 8, size: 2 }] }],
    ['a gap before the tail', { segments: head.segments.slice(0, 1) }],
    ['an empty segment', { segments: [{ id: fileId(1), from: 0, to: 0, size: 6 }, ...head.segments] }],
    ['a tail longer than the version', { segments: [], version: 0 }],
    ['a horizon of no family', { horizons: { clicks: 4 } }],
  ])('refuse %s', (_, change) => {
    expect(codeOf(() => decodeHead(encodeHead({ ...head, ...change } as Head), 'here'))).toBe(
      'CLORTHO_CORRUPT',
    );
  });

  it('never write a uniform file whose timestamps would be lost', () => {
    const tail = [editOf(9, [entryOf(3, { maxTimestamp: 8 })])];
    expect(() => encodeHead({ ...head, tail })).toThrow('a uniform file has the timestamp of its run');
  });

  it('keep an edit of one ordinary file within 256 bytes', () => {
    const key = (text: string): Uint8Array => new TextEncoder().encode(text);
    const run = 1_700_000_000_000_001;
    const file = entryOf(1, {
      run,
      bytes: 4_000_000,
      blocks: 130,
      rows: 100_000,
      lower: key('account/0000000000000001'),
      upper: key('account/9999999999999999'),
      minTimestamp: run,
      maxTimestamp: run,
    });
    const with0 = encodeHead({ ...head, segments: [], version: 0, tail: [] });
    const edit = { token: 'x'.repeat(21), timestamp: run, added: [file], removed: [] };
    const with1 = encodeHead({ ...head, segments: [], version: 1, tail: [edit] });
    expect(with1.length - with0.length).toBeLessThan(256);
  });
});

describe('segments', () => {
  it('come back as they were encoded', () => {
    fc.assert(
      fc.property(segments, fc.nat(), fc.string(), (drawn, shard, store) => {
        const decoded = decodeSegment(encodeSegment(store, shard, drawn), 'here');
        expect(decoded).toEqual({ store, shard, segment: drawn });
      }),
    );
  });

  it('refuse damage', () => {
    const decode = (bytes: Uint8Array): unknown => decodeSegment(bytes, 'here');
    expectDamageRefused(encodeSegment(STORE, 7, segment), decode);
    expectShapeChecked(SEGMENT_RECORD, encodeSegment(STORE, 7, segment), decode);
    for (const change of [{ to: 3 }, { tokens: ['a', 'b', 'c'] }]) {
      const bytes = encodeSegment(STORE, 7, { ...segment, ...change });
      expect(codeOf(() => decode(bytes))).toBe('CLORTHO_CORRUPT');
    }
  });

  it('refuse a newer format', () => {
    const body = decodeRecord(SEGMENT_RECORD, encodeSegment(STORE, 7, segment), 'here');
    const newer = encodeRecord({ ...SEGMENT_RECORD, version: 2 }, body);
    expect(codeOf(() => decodeSegment(newer, 'here'))).toBe('CLORTHO_UNSUPPORTED');
  });

  it('do not keep the bytes that they were decoded from alive', () => {
    const bytes = encodeSegment(STORE, 7, segment);
    const { added } = decodeSegment(bytes, 'here').segment;
    expect(added[0]?.lower.buffer.byteLength).toBe(2);
  });
});

/** Replaces, drops and adds parts of the body under a right checksum: none may pass for what it is not, or crash. */
function expectShapeChecked(
  kind: typeof HEAD_RECORD,
  bytes: Uint8Array,
  decode: (bytes: Uint8Array) => unknown,
): void {
  const junk = [null, -1, 0.5, 2 ** 53, 'delta', true, [], {}, Uint8Array.of(1), [[1]], { a: 'b' }];
  const fresh = (): unknown => decodeRecord(kind, bytes, 'here');
  const accepted: string[] = [];
  const check = (body: unknown, what: string): void => {
    const code = codeOf(() => decode(encodeRecord(kind, body)));
    if (code !== 'CLORTHO_CORRUPT') accepted.push(`${what}: ${code}`);
  };
  for (const path of arraysIn(fresh())) {
    const lengthOf = (body: unknown): number => at(body, path).length;
    // Lists may have any length; only arrays of fields are fixed.
    const isFields = lengthOf(fresh()) > 2;
    if (isFields) {
      for (const change of [(fields: unknown[]) => fields.pop(), (fields: unknown[]) => fields.push(0)]) {
        const body = fresh();
        change(at(body, path));
        check(body, `${path.join('.')} changed length`);
      }
    }
    for (let index = 0; index < lengthOf(fresh()); index += 1) {
      for (const value of junk) {
        const body = fresh();
        const fields = at(body, path);
        if (looksAlike(fields[index], value)) continue;
        fields[index] = value;
        check(body, `${path.join('.')}[${index}] = ${JSON.stringify(value)}`);
      }
    }
  }
  expect(accepted).toEqual([]);
}

function* arraysIn(value: unknown, path: number[] = []): Generator<number[]> {
  if (!Array.isArray(value)) return;
  yield path;
  for (const [index, part] of value.entries()) yield* arraysIn(part, [...path, index]);
}

function at(body: unknown, path: readonly number[]): unknown[] {
  return path.reduce((part, index) => part[index] as unknown[], body as unknown[]);
}

/** Tells whether the format allows `value` in place of `original`. */
function looksAlike(original: unknown, value: unknown): boolean {
  const typeOf = (part: unknown): string =>
    part instanceof Uint8Array
      ? 'bytes'
      : Array.isArray(part)
        ? 'array'
        : part === null
          ? 'bytes'
          : typeof part;
  if (typeof original === 'string' && typeof value === 'string') return true;
  if (Array.isArray(value) && value.length > 0) return false;
  if (typeof value === 'object' && value !== null && 'a' in value) return false;
  if (typeof original === 'number' && typeof value === 'number')
    return Number.isSafeInteger(value) && value >= 0;
  return typeOf(original) === typeOf(value);
}
