/** Histories in short: one line per operation. */
import type { HistoryOperation } from '../../src/index.ts';

type Values = Readonly<Record<string, string | undefined>>;

interface Rest extends Omit<Partial<HistoryOperation>, 'reads' | 'writes' | 'timestamp'> {
  readonly reads?: Values;
  readonly at?: number;
}

/** A batch that puts values, and deletes where they are `undefined`. `at` is its commit timestamp. */
export function write(process: string, invoked: number, returned: number, values: Values, rest: Rest = {}) {
  const { at, reads = {}, ...others } = rest;
  return {
    process,
    invoked,
    returned,
    outcome: 'ok',
    reads: pairs(reads),
    writes: pairs(values),
    timestamp: at,
    ...others,
  } satisfies HistoryOperation;
}

/** A read that found these values. */
export function read(process: string, invoked: number, returned: number, values: Values, rest: Rest = {}) {
  return write(process, invoked, returned, {}, { ...rest, reads: values });
}

/** The history without anything that has to do with timestamps. */
export function withoutTimestamps(history: readonly HistoryOperation[]): HistoryOperation[] {
  return history.map((operation) => ({ ...operation, timestamp: undefined }));
}

function pairs(values: Values): { readonly key: string; readonly value: string | undefined }[] {
  return Object.entries(values).map(([key, value]) => ({ key, value }));
}
