import { concatBytes } from '@clortho/base';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FileOutput } from '../../src/writer/file-output.ts';

describe('the bytes of a file', () => {
  it('come out as they went in, whenever they are taken, and belong to who takes them', () => {
    const step = fc.oneof(fc.constant('take' as const), fc.nat(5000));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60, size: 'max' }), fc.nat(20_000), (steps, expectedBytes) => {
        const output = new FileOutput(expectedBytes);
        const expected: Uint8Array[] = [];
        const taken: Uint8Array[] = [];
        for (const [number, at] of steps.entries()) {
          if (at === 'take') {
            const before = output.pending;
            const pieces = output.take();
            expect(concatBytes(pieces).length).toBe(before);
            taken.push(...pieces);
            continue;
          }
          const bytes = new Uint8Array(at).fill(number + 1);
          const view = output.append(bytes, 3);
          view.fill(255, at);
          expected.push(bytes, Uint8Array.of(255, 255, 255));
        }
        taken.push(...output.take());
        expect(output.length).toBe(concatBytes(expected).length);
        expect(Buffer.compare(concatBytes(taken), concatBytes(expected))).toBe(0);
        const memory = taken.map((piece) => piece.buffer);
        expect(new Set(memory).size).toBe(memory.length);
      }),
      { numRuns: 300 },
    );
  });

  it('are one piece where as much was expected', () => {
    const output = new FileOutput(1_000_000);
    for (let count = 0; count < 90; count += 1) output.append(new Uint8Array(10_000));
    expect(output.take()).toHaveLength(1);
  });
});
