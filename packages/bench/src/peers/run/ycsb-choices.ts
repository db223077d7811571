/**
 * What YCSB's core workloads ask for: which operation, on which record.
 *
 *     A  50 read 50 update         zipfian      D  95 read 5 insert        latest
 *     B  95 read  5 update         zipfian      E  95 scan 1–100 5 insert  zipfian
 *     C 100 read                   zipfian      F  50 read 50 read-modify-write   zipfian
 *
 * The zipfian choice is the scrambled one of YCSB: a rank of 10^10 items, theta 0.99, hashed with FNV-1a of 64 bits over the
 * records. Records are inserted in the order of their keys (`insertorder=ordered`), and are those of the whole comparison
 * rather than ten fields of 100 bytes.
 */
import { type Random, randomBelow, randomFraction } from '@clortho/base';

/** An operation of YCSB. */
export type YcsbKind = 'read' | 'update' | 'insert' | 'scan' | 'read-modify-write';

/** What is asked for. */
export interface YcsbChoice {
  readonly kind: YcsbKind;
  /** The record; with the choice of the latest, how many records before the last one. */
  readonly number: number;
  /** Rows of a scan. */
  readonly rows: number;
}

interface Mix {
  readonly often: YcsbKind;
  readonly seldom: YcsbKind;
  readonly seldomShare: number;
}

const MIXES: Readonly<Record<string, Mix>> = {
  'ycsb-a': { often: 'read', seldom: 'update', seldomShare: 0.5 },
  'ycsb-b': { often: 'read', seldom: 'update', seldomShare: 0.05 },
  'ycsb-c': { often: 'read', seldom: 'read', seldomShare: 0 },
  'ycsb-d': { often: 'read', seldom: 'insert', seldomShare: 0.05 },
  'ycsb-e': { often: 'scan', seldom: 'insert', seldomShare: 0.05 },
  'ycsb-f': { often: 'read', seldom: 'read-modify-write', seldomShare: 0.5 },
};

/** The workload whose reads count back from the last record. */
export const LATEST = 'ycsb-d';

const THETA = 0.99;
const ITEMS = 1e10;
const ZETA_OF_ITEMS = 26.46902820178302;
const FNV_OFFSET = 0xcbf29ce484222325n;
const FNV_PRIME = 1099511628211n;
const SCAN_ROWS_MOST = 100;

/** Draws `count` choices over `records` records. */
export function ycsbChoices(workload: string, records: number, count: number, random: Random): YcsbChoice[] {
  const mix = MIXES[workload];
  if (mix === undefined) throw new Error(`no such workload: ${workload}`);
  const { often, seldom, seldomShare } = mix;
  const number =
    workload === LATEST
      ? zipfianRanks(records, zetaOf(records), random)
      : scrambled(zipfianRanks(ITEMS, ZETA_OF_ITEMS, random), records);
  return Array.from({ length: count }, () => ({
    kind: randomFraction(random) < seldomShare ? seldom : often,
    number: number(),
    rows: 1 + randomBelow(random, SCAN_ROWS_MOST),
  }));
}

/** Returns YCSB's `fnvhash64`, the absolute value of a signed number. */
export function fnv64(value: number): bigint {
  let rest = BigInt(value);
  let hash = FNV_OFFSET;
  for (let byte = 0; byte < 8; byte += 1) {
    hash = BigInt.asUintN(64, (hash ^ (rest & 0xffn)) * FNV_PRIME);
    rest >>= 8n;
  }
  const signed = BigInt.asIntN(64, hash);
  return signed < 0n ? -signed : signed;
}

function scrambled(rank: () => number, records: number): () => number {
  return () => Number(fnv64(rank()) % BigInt(records));
}

/** Returns a function that draws ranks, after Gray et al., as YCSB's `ZipfianGenerator`. */
function zipfianRanks(items: number, zeta: number, random: Random): () => number {
  const zetaOfTwo = 1 + 0.5 ** THETA;
  const alpha = 1 / (1 - THETA);
  const eta = (1 - (2 / items) ** (1 - THETA)) / (1 - zetaOfTwo / zeta);
  return () => {
    const uniform = randomFraction(random);
    const scaled = uniform * zeta;
    if (scaled < 1) return 0;
    if (scaled < zetaOfTwo) return 1;
    return Math.min(items - 1, Math.floor(items * (eta * uniform - eta + 1) ** alpha));
  };
}

function zetaOf(items: number): number {
  let zeta = 0;
  for (let rank = 1; rank <= items; rank += 1) zeta += rank ** -THETA;
  return zeta;
}
