/** What a store asked its backends, and what that would have cost on S3 and DynamoDB. */
import type { StoreLocation, StoreStats } from '@clortho/engine';
import { PRICES, READ_UNIT_BYTES, TRANSACTION_FACTOR, WRITE_UNIT_BYTES } from '../demo/prices.ts';

/** Requests and bytes, of both backends. */
export type Traffic = Pick<StoreStats, 'objects' | 'registers'>;

/** Returns what came between two looks at the counters. */
export function trafficBetween(before: Traffic, after: Traffic): Traffic {
  return {
    objects: difference(before.objects, after.objects),
    registers: difference(before.registers, after.registers),
  };
}

/** Returns how many requests there were. */
export function requestsIn({ objects, registers }: Traffic): number {
  const { puts, gets, heads, deletes, lists } = objects;
  return puts + gets + heads + deletes + lists + registers.reads + registers.swaps + registers.lists;
}

/** Returns the bytes of objects that were sent and received, and of registers that were sent. */
export function bytesIn({ objects, registers }: Traffic): number {
  return objects.bytesPut + objects.bytesGot + registers.bytesWritten;
}

/**
 * Returns what the requests cost at list prices, without what is stored and transferred; `undefined` for a store that is not
 * on S3. Items of a DynamoDB table count by their mean size, and as parts of transactions.
 */
export function dollarsOf({ objects, registers }: Traffic, location: StoreLocation): number | undefined {
  if (location.kind !== 's3') return undefined;
  const ofObjects =
    (objects.puts + objects.lists) * PRICES.objectWrite + (objects.gets + objects.heads) * PRICES.objectRead;
  if (location.table === undefined) {
    const writes = registers.swaps + registers.lists;
    return ofObjects + writes * PRICES.objectWrite + registers.reads * PRICES.objectRead;
  }
  const { registersRead, registersWritten, bytesWritten } = registers;
  const meanBytes = registersWritten === 0 ? 0 : bytesWritten / registersWritten;
  const units = (count: number, unitBytes: number): number =>
    count * Math.max(1, Math.ceil(meanBytes / unitBytes)) * TRANSACTION_FACTOR;
  const writeUnits = units(registersWritten, WRITE_UNIT_BYTES);
  const readUnits = units(registersRead, READ_UNIT_BYTES);
  return ofObjects + writeUnits * PRICES.registerWriteUnit + readUnits * PRICES.registerReadUnit;
}

function difference<T extends object>(before: T, after: T): T {
  const fields = Object.entries(after).map(([name, value]) => {
    return [name, (value as number) - ((before as Readonly<Record<string, number>>)[name] ?? 0)] as const;
  });
  return Object.fromEntries(fields) as T;
}
