/** The fuzzer of `pnpm fuzz:sst`, for as many cases as a test run can afford, and that it finds what is wrong. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { meterAllocations } from '../fuzz/allocations.ts';
import { baseFile, writeBaseFile } from '../fuzz/corpus/base-file.ts';
import { corpusOf } from '../fuzz/corpus/corpus.ts';
import { Draw, seedOf } from '../fuzz/draw.ts';
import { withBitFlipped } from '../fuzz/edit/damage.ts';
import { addFigures, noFigures } from '../fuzz/figures.ts';
import { trialOf } from '../fuzz/fuzz-case.ts';
import { entryFields } from '../fuzz/layout/entries.ts';
import { settle } from '../fuzz/layout/file-parts.ts';
import { withFields } from '../fuzz/layout/part.ts';
import { blockFields } from '../fuzz/layout/rows.ts';
import { seal } from '../fuzz/layout/seal.ts';
import { readEverything } from '../fuzz/read/read-everything.ts';
import type { Trial } from '../fuzz/read/trial.ts';
import { runCases } from '../fuzz/run-cases.ts';
import { encodeSst, PUT, type Row, Sst } from '../src/index.ts';
import { decodeNaively } from './naive/decode.ts';

const SEED = 20;
const CASES = 3000;
const CASES_DECODED_TWICE = 1000;
const text = new TextEncoder();
const rows: Row[] = ['ant', 'bee', 'cow', 'doe'].map((name) => ({
  key: text.encode(name),
  timestamp: 7,
  kind: PUT,
  value: text.encode(`the ${name}`),
}));
const base = baseFile('animals', encodeSst(rows, { codec: 'none', blockBytes: 50, salt: 1 }).bytes, false);
const trial: Trial = {
  kind: 'a test',
  base,
  bytes: base.bytes,
  isExact: true,
  maxBlockBytes: 2 ** 16,
  timestamp: undefined,
  source: undefined,
};

/** Returns what a decoder says against a file. */
async function problemOf(decode: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await decode();
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

// Busy machines take their time.
describe('a damaged or hostile file', { timeout: 120_000 }, () => {
  it('is read right, or within bounds, or refused', async () => {
    const corpus = corpusOf(SEED, join(import.meta.dirname, 'golden', 'v1'));
    const { figures, found } = await runCases(corpus, SEED, 0, CASES);
    expect(found.map(({ number, problem }) => `case ${number} of seed ${SEED}: ${problem}`)).toEqual([]);
    expect(figures.cases).toBe(CASES);
    // Without those the run would have looked at nothing but checksums.
    expect(Object.keys(figures.texts).length).toBeGreaterThan(40);
    expect(figures.rows).toBeGreaterThan(CASES);
  });

  it('is the same file whenever its case is run', async () => {
    const run = async (first: number) => runCases(corpusOf(3, undefined), 3, first, first + 1);
    const whole = await runCases(corpusOf(3, undefined), 3, 400, 410);
    const alone = await Promise.all(Array.from({ length: 10 }, async (_, at) => run(400 + at)));
    const together = noFigures();
    for (const { figures } of alone) addFigures(together, figures);
    expect(together.kinds).toEqual(whole.figures.kinds);
    expect(together.texts).toEqual(whole.figures.texts);
    expect(together.rows).toBe(whole.figures.rows);
  });

  it('is accepted by both decoders, or by none', async () => {
    const corpus = corpusOf(SEED, undefined);
    const differing: string[] = [];
    let accepted = 0;
    for (let number = 1; number < CASES_DECODED_TWICE; number += 2) {
      const trial = trialOf(new Draw(seedOf(SEED, number)), corpus, number);
      if (trial.isExact) continue;
      const timestamp = trial.timestamp ?? 7;
      const byReader = await problemOf(async () => {
        const sst = Sst.openBytes(trial.bytes, { timestamp });
        sst.blockTable();
        await sst.verify();
      });
      const byRules = await problemOf(async () => decodeNaively(trial.bytes, timestamp));
      if (byReader === undefined && byRules === undefined) accepted += 1;
      // The rules leave these two open.
      if (byRules?.startsWith('R10') || byReader?.startsWith('filter is not a Bloom filter')) continue;
      if ((byReader === undefined) !== (byRules === undefined)) {
        differing.push(`case ${number}: ${byReader ?? 'reads'}, ${byRules ?? 'decodes'}`);
      }
    }
    expect(differing).toEqual([]);
    expect(accepted).toBeGreaterThan(30);
  });

  it('claims no more blocks than their offsets may take', () => {
    // 16,383 offsets of four bytes fit into the bound, but those of blocks take eight.
    const entries = Array.from({ length: 16_383 }, (_, index) => ({
      firstKey: Uint8Array.of(index >> 8, index),
      facts: [6, 6, 6, 6, 6, 6, 6, 6],
      statistics: [],
    }));
    const settled = settle(base.parts, (part) => withFields(part, entryFields(entries, 0)));
    const { bytes } = seal(settled);
    const meter = meterAllocations();
    try {
      expect(() => Sst.openBytes(bytes, { maxBlockBytes: 2 ** 16 })).toThrow(
        /more than the bound of a block/,
      );
      expect(meter.take()).toBeLessThanOrEqual(2 ** 16);
    } finally {
      meter.remove();
    }
  });
});

describe('the fuzzer', () => {
  it('rebuilds what writers write, over all their options', () => {
    // A base that cannot be rebuilt byte for byte is refused there.
    for (let seed = 0; seed < 60; seed += 1)
      expect(writeBaseFile(seed, seed % 2 === 0).bytes.length).toBeGreaterThan(64);
  });

  it('finds rows that are not those written', async () => {
    const [first] = base.parts.blocks;
    if (first === undefined) expect.fail('the base has blocks');
    const changed = rows
      .slice(0, 2)
      .map(({ key, timestamp, kind }) => ({ key, timestamp, end: 8, kind, value: key }));
    const parts = { ...base.parts, blocks: base.parts.blocks.slice() };
    parts.blocks[0] = {
      ...first,
      part: withFields(first.part, blockFields(changed.slice(0, first.entry.facts[3]))),
    };
    const { bytes } = seal(settle(parts));
    await expect(readEverything(new Draw(1), { ...trial, bytes })).rejects.toThrow(
      'row 0 is not the one written',
    );
    await expect(readEverything(new Draw(1), { ...trial, bytes, isExact: false })).resolves.toBeDefined();
  });

  it('finds a change that nobody refuses', async () => {
    const { filter } = base.parts;
    if (filter === undefined) expect.fail('the base has a filter');
    const bits = new Uint8Array(33).fill(0xff);
    bits[0] = 1;
    const full = withFields(filter, [{ kind: 'bytes', name: 'filter', bytes: bits }]);
    const { bytes } = seal(settle({ ...base.parts, filter: full }));
    await expect(readEverything(new Draw(1), { ...trial, bytes })).rejects.toThrow('stays unseen');
    await expect(readEverything(new Draw(1), trial)).resolves.toMatchObject({ code: undefined, rows: 4 });
    const damaged = { ...trial, bytes: withBitFlipped(base.bytes, 9) };
    await expect(readEverything(new Draw(1), damaged)).resolves.toMatchObject({ code: 'CLORTHO_CORRUPT' });
  });

  it('meters what is allocated', () => {
    const meter = meterAllocations();
    try {
      const arrays = [new Uint8Array(100), new Float64Array(50), new Uint32Array([1, 2, 3])];
      expect(meter.take()).toBe(400);
      expect(arrays.map(({ byteLength }) => byteLength)).toEqual([100, 400, 12]);
      expect(meter.take()).toBe(0);
    } finally {
      meter.remove();
    }
    expect(new Uint8Array(3)).toBeInstanceOf(Uint8Array);
  });
});
