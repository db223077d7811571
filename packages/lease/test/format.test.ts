import { readFileSync } from 'node:fs';
import { checksum } from '@clortho/base';
import * as fc from 'fast-check';
import { Packr } from 'msgpackr';
import { describe, expect, it } from 'vitest';
import { decodePlan, encodePlan, type PlanRecord } from '../src/assignment/plan-record.ts';
import { decodeLease, encodeLease, type LeaseRecord } from '../src/lease/lease-record.ts';
import { decodeSession, encodeSession, type SessionRecord } from '../src/session/session-record.ts';

const session: SessionRecord = {
  generation: 2,
  settled: 1,
  state: 'live',
  beat: 3,
  durationMs: 10_000,
  nonce: '00c0ffee00c0ffee',
  attributes: { group: 'shards' },
  offers: [{ resource: 'shard-7', token: 5, to: 'b' }],
};
const lease: LeaseRecord = {
  owner: { name: 'a', generation: 2 },
  token: 5,
  next: undefined,
  nonce: '0123456789abcdef',
};
const plan: PlanRecord = { token: 4, resources: ['shard-1', 'shard-2'], leaving: [['shard-7', 'b']] };

/** Each kind: an example, its bytes, and how they are read. */
const KINDS = {
  session: { record: session, bytes: encodeSession(session), decode: decodeSession },
  lease: { record: lease, bytes: encodeLease(lease), decode: decodeLease },
  plan: { record: plan, bytes: encodePlan(plan), decode: decodePlan },
};

const page = readFileSync(new URL('../FORMAT.md', import.meta.url), 'utf8');

function bytesInPage(kind: string): number[] {
  const block = new RegExp(`^\`\`\`hex ${kind}\\n([^\`]*)`, 'm').exec(page)?.[1] ?? '';
  return block.split('\n').flatMap((line) =>
    line
      .trim()
      .split(/\s+/)
      .slice(1)
      .map((byte) => Number.parseInt(byte, 16)),
  );
}

/** Returns an intact envelope around some fields. */
function enveloped(magic: string, version: number, fields: unknown): Uint8Array {
  const body = new Packr({ useRecords: false }).pack(fields);
  const bytes = new Uint8Array([...Buffer.from(magic), version, 0, 0, 0, 0, ...body]);
  const sum = checksum(bytes.subarray(9), checksum(bytes.subarray(0, 5)));
  new DataView(bytes.buffer).setUint32(5, sum, true);
  return bytes;
}

const corrupt = expect.objectContaining({ code: 'CLORTHO_CORRUPT' });

describe.each(Object.entries(KINDS))('the record of a %s', (kind, { record, bytes, decode }) => {
  it('has the bytes that FORMAT.md shows', () => {
    expect([...bytes]).toEqual(bytesInPage(kind));
    expect(decode(Uint8Array.from(bytesInPage(kind)), 'here')).toEqual(record);
  });

  it('is refused when it is cut short, or a bit of it is wrong', () => {
    for (let length = 0; length < bytes.length; length += 1)
      expect(() => decode(bytes.slice(0, length), 'here')).toThrow(corrupt);
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const damaged = Uint8Array.from(bytes);
      damaged[bit >> 3]! ^= 1 << (bit & 7);
      expect(() => decode(damaged, 'here')).toThrow(corrupt);
    }
  });

  it('is refused when it is intact and something else', () => {
    const magic = Buffer.from(bytes.subarray(0, 4)).toString();
    expect(() => decode(enveloped(magic, 2, []), 'here')).toThrow(
      expect.objectContaining({ code: 'CLORTHO_UNSUPPORTED' }),
    );
    expect(() => decode(enveloped('CLxx', 1, []), 'here')).toThrow(corrupt);
    fc.assert(
      fc.property(fc.jsonValue(), (fields) => {
        expect(() => decode(enveloped(magic, 1, fields), 'here')).toThrow(corrupt);
      }),
    );
  });
});

it('a session whose generations contradict each other is refused', () => {
  for (const wrong of [
    { generation: 0 },
    { settled: 0 },
    { settled: 3 },
    { settled: 4, state: 'ended' as const },
  ]) {
    expect(() => decodeSession(encodeSession({ ...session, ...wrong }), 'here')).toThrow(corrupt);
  }
  expect(decodeSession(encodeSession({ ...session, settled: 3, state: 'ended' }), 'here').settled).toBe(3);
});

it('records come back as they were', () => {
  const name = fc.string({ minLength: 1 });
  const count = fc.nat(2 ** 31 - 1);
  const leases = fc.record({
    owner: fc.option(fc.record({ name, generation: count }), { nil: undefined }),
    token: fc.maxSafeNat(),
    next: fc.option(name, { nil: undefined }),
    nonce: fc.string(),
  });
  fc.assert(
    fc.property(leases, (record) => {
      expect(decodeLease(encodeLease(record), 'here')).toEqual(record);
    }),
  );
});
