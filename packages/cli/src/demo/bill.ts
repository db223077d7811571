/**
 * What the run would have cost on S3 and DynamoDB.
 *
 * Requests are counted by the store, whatever it runs on. Registers are counted as items of their mean size, in
 * transactions, because a commit of four shards is one; so the sum errs on the high side.
 */
import type { StoreStats } from '@clortho/engine';
import { PRICES, READ_UNIT_BYTES, TRANSACTION_FACTOR, WRITE_UNIT_BYTES } from './prices.ts';

/** One line of the bill. */
export interface BillLine {
  readonly what: string;
  readonly count: number;
  readonly dollars: number;
}

/** The bill of a run. */
export interface Bill {
  readonly listedOn: string;
  readonly lines: readonly BillLine[];
  /** All lines but storage. */
  readonly requestDollars: number;
  /** What the live objects cost for a month. */
  readonly monthDollars: number;
}

/** Returns the bill of what the store was asked since it was opened, and of what it holds. */
export function billOf({ objects, registers, totals }: StoreStats): Bill {
  const meanBytes =
    registers.registersWritten === 0 ? 0 : registers.bytesWritten / registers.registersWritten;
  const units = (count: number, unitBytes: number): number =>
    count * Math.max(1, Math.ceil(meanBytes / unitBytes)) * TRANSACTION_FACTOR;
  const writeUnits = units(registers.registersWritten, WRITE_UNIT_BYTES);
  const readUnits = units(registers.registersRead, READ_UNIT_BYTES);
  const lines: BillLine[] = [
    line('object PUT, LIST', objects.puts + objects.lists, PRICES.objectWrite),
    line('object GET, HEAD', objects.gets + objects.heads, PRICES.objectRead),
    line('object DELETE', objects.deletes, 0),
    line('register write units', writeUnits, PRICES.registerWriteUnit),
    line('register read units', readUnits, PRICES.registerReadUnit),
  ];
  const bytes = totals.delta.bytes + totals.current.bytes + totals.history.bytes;
  return {
    listedOn: PRICES.listedOn,
    lines,
    requestDollars: lines.reduce((sum, { dollars }) => sum + dollars, 0),
    monthDollars: bytes * PRICES.objectByteMonth,
  };
}

function line(what: string, count: number, price: number): BillLine {
  return { what, count, dollars: count * price };
}
