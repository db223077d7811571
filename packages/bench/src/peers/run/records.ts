/**
 * The records of YCSB in a store, and how many are there: inserts are acknowledged in any order, and reads of the latest count
 * back from the last record below which there is no gap.
 */
import type { Driver } from '../driver.ts';
import { checkValue, keyOfNumber } from './dataset.ts';

/** See the module. */
export class Records {
  readonly driver: Driver;
  /** Records that were loaded or whose insert was acknowledged, without gaps. */
  count: number;
  #next: number;
  readonly #finished = new Set<number>();

  /** Begins with `count` records. */
  constructor(driver: Driver, count: number) {
    this.driver = driver;
    this.count = count;
    this.#next = count;
  }

  /** Reads a record and checks it. */
  async read(number: number): Promise<void> {
    checkValue(await this.driver.get(keyOfNumber(number, this.driver.keys)), number);
  }

  /** Replaces a record. */
  async update(number: number, value: Uint8Array): Promise<void> {
    await this.driver.put(keyOfNumber(number, this.driver.keys), value);
  }

  /** Adds a record after the last one. */
  async insert(template: Buffer): Promise<void> {
    const number = this.#next++;
    const value = Buffer.from(template);
    value.writeUInt32LE(number, 0);
    await this.update(number, value);
    this.#finished.add(number);
    while (this.#finished.delete(this.count)) this.count += 1;
  }

  /** Reads `rows` records from `number` on and checks them. */
  async scan(number: number, rows: number): Promise<void> {
    const least = Math.min(rows, this.count - number);
    let seen = 0;
    await this.driver.scanFrom(keyOfNumber(number, this.driver.keys), rows, (_, value) => {
      checkValue(value, number + seen);
      seen += 1;
    });
    if (seen < least) throw new Error(`a scan gave ${seen} rows of ${rows}`);
  }
}
