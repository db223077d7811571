/** Writing the rows of a sheet again and again, at a pace. */
import { systemClock } from '@clortho/base';
import type { Driver } from '../driver.ts';
import { BATCH_ROWS } from '../workloads.ts';
import type { Rowsheet } from './dataset.ts';
import { LOAD_IN_FLIGHT } from './opening.ts';

/** See the module. */
export class PacedWrites {
  readonly #driver: Driver;
  readonly #sheet: Rowsheet;
  #next = 0;

  constructor(driver: Driver, sheet: Rowsheet) {
    this.#driver = driver;
    this.#sheet = sheet;
  }

  /** Writes batches, a few in flight, at most so many per second; returns how many. */
  async run(seconds: number, batchesPerSecond: number): Promise<number> {
    const began = performance.now();
    const endMs = seconds * 1000;
    let batches = 0;
    const writer = async (): Promise<void> => {
      for (;;) {
        const dueMs = (batches * 1000) / batchesPerSecond;
        if (dueMs >= endMs || performance.now() - began >= endMs) return;
        batches += 1;
        const waitMs = began + dueMs - performance.now();
        if (waitMs > 0) await systemClock.sleep(waitMs);
        await this.#driver.write(this.#rows());
      }
    };
    await Promise.all(Array.from({ length: LOAD_IN_FLIGHT }, writer));
    return batches;
  }

  #rows(): ReturnType<Rowsheet['rows']> {
    const from = this.#next;
    this.#next = (from + BATCH_ROWS) % this.#sheet.entries;
    return this.#sheet.rows(from, from + BATCH_ROWS);
  }
}
