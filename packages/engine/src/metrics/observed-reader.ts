/**
 * Reads as stores and snapshots make them for their callers, told to whoever listens.
 *
 * Invariants:
 * - While nobody listens, a call is the reader's own: the same promise, the same scan.
 */
import type { Bytes, HistoryEntry, HistoryOptions, ReadOptions, ScanOptions } from '../api.ts';
import { DEFAULT_FAMILY } from '../catalog/record.ts';
import type { Reader } from '../read/reader.ts';
import type { Scan } from '../read/scan.ts';
import { type GetMessage, getChannel, type ScanMessage, scanChannel } from './channels.ts';
import type { Metrics } from './metrics.ts';
import { observedCall, observedRows } from './observed-call.ts';
import { ObservedScan } from './observed-scan.ts';

/** See the module. */
export class ObservedReader {
  readonly #reader: Reader;
  readonly #metrics: Metrics;

  /** Makes the calls of `reader`. */
  constructor(reader: Reader, metrics: Metrics) {
    this.#reader = reader;
    this.#metrics = metrics;
  }

  /** See {@link Reader.get}. */
  get(key: Bytes, options: ReadOptions): ReturnType<Reader['get']> {
    if (!getChannel.hasSubscribers) return this.#reader.get(key, options);
    const { family = DEFAULT_FAMILY } = options;
    return observedCall<Uint8Array | undefined, GetMessage>(
      getChannel,
      this.#metrics,
      async () => this.#reader.get(key, options),
      (value) => ({ family, keys: 1, ...sizeOf([value]) }),
    );
  }

  /** See {@link Reader.getMany}. */
  getMany(keys: readonly Bytes[], options: ReadOptions): ReturnType<Reader['getMany']> {
    if (!getChannel.hasSubscribers) return this.#reader.getMany(keys, options);
    const { family = DEFAULT_FAMILY } = options;
    return observedCall<(Uint8Array | undefined)[], GetMessage>(
      getChannel,
      this.#metrics,
      async () => this.#reader.getMany(keys, options),
      (values = []) => ({ family, keys: keys.length, ...sizeOf(values) }),
    );
  }

  /** See {@link Reader.scan}. */
  scan(options: ScanOptions, check: () => void): Scan {
    if (!scanChannel.hasSubscribers) return this.#reader.scan(options, check);
    return this.#reader.scan(options, check, new ObservedScan(this.#metrics, options.family));
  }

  /** See {@link Reader.history}. */
  history(key: Uint8Array, options: HistoryOptions): AsyncGenerator<HistoryEntry> {
    const entries = this.#reader.history(key, options);
    if (!scanChannel.hasSubscribers) return entries;
    const { family = DEFAULT_FAMILY } = options;
    return observedRows<HistoryEntry, ScanMessage>(
      scanChannel,
      this.#metrics,
      entries,
      (count, bytes) => ({ operation: 'history', family, rows: count, bytes }),
      ({ value }) => value?.length ?? 0,
    );
  }
}

function sizeOf(values: readonly (Uint8Array | undefined)[]): {
  readonly found: number;
  readonly bytes: number;
} {
  let [found, bytes] = [0, 0];
  for (const value of values) {
    if (value === undefined) continue;
    found += 1;
    bytes += value.length;
  }
  return { found, bytes };
}
