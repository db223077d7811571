/**
 * One pass over the rows of a sound file: what the manifest hides of them, whether they lie as their tier promises, and
 * whether they were summed up rightly.
 */
import { compareBytes, copyBytes, equalBytes } from '@clortho/base';
import type { Collector, CollectorDefinition, RowKind, RowPosition, Sst } from '@clortho/sst';
import { NEVER, PUT, ROW } from '@clortho/sst';

/** A row that no entry of its file shows. */
export interface HiddenRow {
  readonly key: Uint8Array;
  /** 0 in a file that stores none. */
  readonly timestamp: number;
  readonly kind: RowKind;
}

/** How the rows of a file are to lie. */
export interface RowExpectations {
  readonly tier: 'delta' | 'current' | 'history';
  /** Tells whether some entry of the file shows the key. */
  isShown(key: Uint8Array): boolean;
  readonly collectors: readonly CollectorDefinition[];
}

/** What is wrong with rows. */
export interface RowProblems {
  /** Rows that are hidden, in order; the first few. */
  readonly hidden: readonly HiddenRow[];
  readonly order: string | undefined;
  /** Names of collectors whose bytes differ from those of the rows. */
  readonly statistics: readonly string[];
  /** Of the rows that are shown. */
  readonly firstKey: Uint8Array | undefined;
  readonly lastKey: Uint8Array | undefined;
}

/** How many hidden rows of a file are looked into: damage shows in the first ones. */
const HIDDEN_MAX = 1000;

/** Looks at all rows of a file whose blocks are in memory, opened with {@link storedCollectors}. */
export function verifyRows(sst: Sst, { tier, isShown, collectors }: RowExpectations): RowProblems {
  const hidden: HiddenRow[] = [];
  const order = new TierOrder(tier);
  const sums = collectors.map((definition) => new CollectorCheck(definition, sst));
  let firstKey: Uint8Array | undefined;
  let lastKey: Uint8Array | undefined;
  const cursor = sst.cursor();
  let step = cursor.seekFirst();
  for (const block of sst.blockTable()) {
    for (let row = 0; row < block.rows && step === ROW; row += 1) {
      const key = copyBytes(cursor.keyBytes, cursor.keyStart, cursor.keyEnd);
      order.add(cursor, key);
      for (const sum of sums) sum.add(cursor);
      if (isShown(key)) {
        firstKey ??= key;
        lastKey = key;
      } else if (hidden.length < HIDDEN_MAX) {
        hidden.push({ key, timestamp: cursor.timestamp, kind: cursor.kind });
      }
      step = cursor.next();
    }
    for (const sum of sums) sum.finishBlock(block.statistics[sum.name]);
  }
  cursor.release();
  for (const sum of sums) sum.finishFile();
  const statistics = sums.filter((sum) => !sum.isRight).map((sum) => sum.name);
  return { hidden, order: order.problem, statistics, firstKey, lastKey };
}

/** Returns collectors that show the bytes of statistics in place of what they mean. */
export function storedCollectors(collectors: readonly CollectorDefinition[]): CollectorDefinition[] {
  return collectors.map((definition) => ({
    name: definition.name,
    version: definition.version,
    create: () => definition.create(),
    decode: (bytes) => bytes,
  }));
}

/** Compares what a collector says of the rows with what the file says. */
class CollectorCheck {
  readonly name: string;
  readonly #collector: Collector;
  readonly #file: unknown;
  isRight = true;

  constructor(definition: CollectorDefinition, { statistics }: Sst) {
    this.name = definition.name;
    this.#collector = definition.create();
    this.#file = statistics[definition.name];
  }

  add(row: RowPosition): void {
    this.#collector.add(row);
  }

  finishBlock(stored: unknown): void {
    this.#compare(this.#collector.finishBlock(), stored);
  }

  finishFile(): void {
    this.#compare(this.#collector.finishFile(), this.#file);
  }

  /** A file may lack a statistic: one that was not there when it was written, or had nothing to say. */
  #compare(counted: Uint8Array, stored: unknown): void {
    if (stored instanceof Uint8Array && !equalBytes(counted, stored)) this.isRight = false;
  }
}

/** The promises of a tier about the versions of one key. */
class TierOrder {
  readonly #tier: RowExpectations['tier'];
  #key: Uint8Array | undefined;
  #newerTimestamp = 0;
  problem: string | undefined;

  constructor(tier: RowExpectations['tier']) {
    this.#tier = tier;
  }

  add({ timestamp, endTimestamp, kind }: RowPosition, key: Uint8Array): void {
    if (this.#tier === 'delta') return;
    const isSameKey = this.#key !== undefined && compareBytes(this.#key, key) === 0;
    const found =
      kind === PUT ? this.#problemOf(isSameKey, timestamp, endTimestamp) : `${this.#tier} holds values only`;
    if (found !== undefined)
      this.problem ??= `${found}: key=0x${Buffer.from(key).toString('hex')} timestamp=${timestamp}`;
    this.#key = key;
    this.#newerTimestamp = timestamp;
  }

  #problemOf(isSameKey: boolean, timestamp: number, end: number): string | undefined {
    if (this.#tier === 'current') {
      if (end !== NEVER) return 'a row of current has ended';
      return isSameKey ? 'current has two versions of a key' : undefined;
    }
    if (end === NEVER || end <= timestamp) return 'a row of history does not end after it began';
    return isSameKey && end > this.#newerTimestamp ? 'versions of history overlap in time' : undefined;
  }
}
