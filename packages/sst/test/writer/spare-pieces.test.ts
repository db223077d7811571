import { describe, expect, it } from 'vitest';
import { FileOutput } from '../../src/writer/file-output.ts';
import { SparePieces } from '../../src/writer/spare-pieces.ts';

describe('spare pieces', () => {
  it('give what they were given, which nobody else sees any more', () => {
    const spare = new SparePieces();
    const bytes = new Uint8Array(1000).fill(7);
    const part = bytes.subarray(10, 20);
    spare.give(part);
    expect([bytes.length, part.length, spare.bytes]).toEqual([0, 0, 1000]);
    spare.give(part); // Again: there is nothing to give.
    const piece = spare.take(900);
    expect(piece?.length).toBe(1000);
    expect(spare.take(1)).toBeUndefined();
  });

  it('give what fits, and keep the two largest', () => {
    const spare = new SparePieces();
    for (const bytes of [100, 300, 200]) spare.give(new Uint8Array(bytes));
    expect(spare.bytes).toBe(500);
    expect(spare.take(301)).toBeUndefined();
    expect(spare.take(10)).toBeUndefined(); // Far too large.
    expect(spare.take(150)?.length).toBe(300);
    expect(spare.take(150)?.length).toBe(200);
  });

  it('are what a file of the expected size is written to', () => {
    const spare = new SparePieces();
    const first = new FileOutput(10_000, spare);
    first.append(new Uint8Array(9000).fill(1));
    const [piece] = first.take();
    spare.give(piece as Uint8Array);
    const second = new FileOutput(8000, spare);
    second.append(new Uint8Array(5000).fill(2));
    expect(spare.bytes).toBe(0);
    const [bytes] = second.take();
    expect(bytes?.buffer.byteLength).toBe(10_000);
    expect(bytes?.every((byte) => byte === 2)).toBe(true);
  });
});
