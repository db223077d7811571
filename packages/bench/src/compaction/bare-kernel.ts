/**
 * The bare kernel of a merge: the least that any implementation has to do, with everything laid out for it and nothing
 * checked. What a merge of `@clortho/compaction` reaches is judged as a share of this.
 *
 *     runs ──▶ loser tree over six bytes of the key ──▶ copy ──▶ block of 32 KiB ──▶ (LZ4) ──▶ CRC ──▶ bytes of a file
 *                                                        └─▶ hash ──▶ Bloom filter
 *
 * All is in one array, so that a row is moved by `copyWithin`, the fastest copy of a hundred bytes. With LZ4 the inputs are
 * compressed blocks, too, and each is decompressed when its turn comes.
 */
import { crc32 } from 'node:zlib';
import { copyBytes, hashBytes, writeBytes } from '@clortho/base';
import { compressSync, uncompressSync } from 'lz4-napi';
import { KEY_BYTES } from '../workload/rows.ts';
import { eachRow, type MergeRows, NUMBER_START, ROW_BYTES, RUNS } from './merge-rows.ts';

/** What the kernel is run with. */
export type KernelCodec = 'none' | 'lz4';

/** A run: its rows in memory, or the part of them that is decompressed. */
interface Input {
  at: number;
  end: number;
  /** Where a block is decompressed to. */
  readonly start: number;
  readonly blocks: readonly Buffer[];
  next: number;
}

const LENGTH_BYTES = 2;
const STRIDE = ROW_BYTES + LENGTH_BYTES;
const BLOCK_BYTES = Math.floor((32 * 1024) / STRIDE) * STRIDE;

const LINE_BITS = 256;
const BITS_PER_KEY = 12;

/** Returns a function that merges the rows once and returns how many there were. */
export function mergeKernel(rows: MergeRows, codec: KernelCodec): () => number {
  const runs = packedRuns(rows);
  const isPacked = codec === 'lz4';
  const windows = runs.map((run) => (isPacked ? BLOCK_BYTES : run.length));
  const bytes = Buffer.alloc(windows.reduce((sum, size) => sum + size, BLOCK_BYTES));
  const blocks = runs.map((run) => (isPacked ? compressed(run) : []));
  let start = BLOCK_BYTES;
  const starts = windows.map((size) => {
    start += size;
    return start - size;
  });
  if (!isPacked) runs.forEach((run, index) => run.copy(bytes, starts[index]));
  const inputs = (): Input[] =>
    runs.map((run, index) => {
      const begin = starts[index] as number;
      const end = isPacked ? begin : begin + run.length;
      return { at: begin, end, start: begin, blocks: blocks[index] as readonly Buffer[], next: 0 };
    });
  return () => mergeOnce(bytes, inputs(), rows.rows, isPacked);
}

function mergeOnce(bytes: Buffer, inputs: readonly Input[], rows: number, isPacked: boolean): number {
  const tree = new LoserTree(bytes, inputs);
  const lines = Math.ceil((rows * BITS_PER_KEY) / LINE_BITS);
  const filter = new Uint32Array(lines * 8);
  const hash = { low: 0, high: 0 };
  let file: Uint8Array[] = [];
  let check = 0;
  let at = 0;
  let merged = 0;
  const flush = (): void => {
    const raw = bytes.subarray(0, at);
    const block = isPacked ? compressSync(raw) : copyBytes(raw);
    check ^= crc32(block);
    file.push(block);
    if (file.length === 1024) file = [];
    at = 0;
  };
  for (let input = tree.first(); input !== undefined; input = tree.next()) {
    bytes.copyWithin(at, input.at, input.at + STRIDE);
    hashBytes(bytes, at, at + KEY_BYTES, hash);
    addTo(filter, lines, hash.low, hash.high);
    input.at += STRIDE;
    at += STRIDE;
    merged += 1;
    if (at === BLOCK_BYTES) flush();
  }
  if (at > 0) flush();
  if (check === 0 || file.length === 0) throw new Error('the kernel merged nothing');
  return merged;
}

/** The inputs in a tree of losers, by numbers made of their keys. */
class LoserTree {
  readonly #bytes: Buffer;
  readonly #inputs: readonly Input[];
  readonly #numbers = new Float64Array(RUNS);
  readonly #losers = new Int32Array(RUNS);
  #winner = 0;

  constructor(bytes: Buffer, inputs: readonly Input[]) {
    this.#bytes = bytes;
    this.#inputs = inputs;
  }

  first(): Input | undefined {
    for (let input = 0; input < RUNS; input += 1) this.#read(input);
    this.#winner = this.#play(1);
    return this.#shown();
  }

  next(): Input | undefined {
    const numbers = this.#numbers;
    const losers = this.#losers;
    let winner = this.#winner;
    this.#read(winner);
    for (let node = (winner + RUNS) >> 1; node >= 1; node >>= 1) {
      const loser = losers[node] as number;
      if ((numbers[loser] as number) >= (numbers[winner] as number)) continue;
      losers[node] = winner;
      winner = loser;
    }
    this.#winner = winner;
    return this.#shown();
  }

  #shown(): Input | undefined {
    return this.#numbers[this.#winner] === Number.POSITIVE_INFINITY ? undefined : this.#inputs[this.#winner];
  }

  /** Plays all games below a node and returns the winner. */
  #play(node: number): number {
    if (node >= RUNS) return node - RUNS;
    const left = this.#play(2 * node);
    const right = this.#play(2 * node + 1);
    const isLeft = (this.#numbers[left] as number) <= (this.#numbers[right] as number);
    this.#losers[node] = isLeft ? right : left;
    return isLeft ? left : right;
  }

  /** Notes the number of the row that an input stands on. */
  #read(index: number): void {
    const input = this.#inputs[index] as Input;
    if (input.at === input.end) this.#refill(input);
    if (input.at === input.end) {
      this.#numbers[index] = Number.POSITIVE_INFINITY;
      return;
    }
    const bytes = this.#bytes;
    let number = 0;
    for (let at = input.at + NUMBER_START; at < input.at + KEY_BYTES; at += 1)
      number = number * 256 + (bytes[at] as number);
    this.#numbers[index] = number;
  }

  #refill(input: Input): void {
    const block = input.blocks[input.next];
    if (block === undefined) return;
    const raw = uncompressSync(block);
    raw.copy(this.#bytes, input.start);
    input.next += 1;
    input.at = input.start;
    input.end = input.start + raw.length;
  }
}

function addTo(words: Uint32Array, lines: number, low: number, high: number): void {
  const at = Math.floor((high * lines) / 2 ** 32) * 8;
  (words[at] as number) |= 1 << (Math.imul(low, 0x47b6137b) >>> 27);
  (words[at + 1] as number) |= 1 << (Math.imul(low, 0x44974d91) >>> 27);
  (words[at + 2] as number) |= 1 << (Math.imul(low, 0x8824ad5b) >>> 27);
  (words[at + 3] as number) |= 1 << (Math.imul(low, 0xa2b7289d) >>> 27);
  (words[at + 4] as number) |= 1 << (Math.imul(low, 0x705495c7) >>> 27);
  (words[at + 5] as number) |= 1 << (Math.imul(low, 0x2df1424b) >>> 27);
  (words[at + 6] as number) |= 1 << (Math.imul(low, 0x9efc4947) >>> 27);
  (words[at + 7] as number) |= 1 << (Math.imul(low, 0x5c6bfb31) >>> 27);
}

function packedRuns(rows: MergeRows): Buffer[] {
  const counts = new Array<number>(RUNS).fill(0);
  eachRow(rows, (run) => {
    counts[run] = (counts[run] ?? 0) + 1;
  });
  const runs = counts.map((count) => Buffer.alloc(count * STRIDE));
  const ends = new Array<number>(RUNS).fill(0);
  eachRow(rows, (run, _, row) => {
    const bytes = runs[run] as Buffer;
    const end = ends[run] as number;
    writeBytes(bytes, end, row, 0, KEY_BYTES);
    bytes.writeUInt16LE(ROW_BYTES - KEY_BYTES, end + KEY_BYTES);
    writeBytes(bytes, end + KEY_BYTES + LENGTH_BYTES, row, KEY_BYTES, ROW_BYTES);
    ends[run] = end + STRIDE;
  });
  return runs;
}

function compressed(run: Buffer): Buffer[] {
  const blocks: Buffer[] = [];
  for (let start = 0; start < run.length; start += BLOCK_BYTES)
    blocks.push(compressSync(run.subarray(start, start + BLOCK_BYTES)));
  return blocks;
}
