/** A scan that somebody listens to: what it gathers is timed and counted, and told once it has ended. */
import { DEFAULT_FAMILY } from '../catalog/record.ts';
import type { ScanObserver } from '../read/scan.ts';
import type { ScanChunk } from '../read/scan-chunk.ts';
import { errorText, type ScanMessage, scanChannel } from './channels.ts';
import type { Metrics } from './metrics.ts';

/** See the module. */
export class ObservedScan implements ScanObserver {
  readonly #metrics: Metrics;
  readonly #family: string;
  #durationMs = 0;
  #rows = 0;
  #bytes = 0;
  #error: string | undefined;

  /** Observes a scan of a family. */
  constructor(metrics: Metrics, family: string = DEFAULT_FAMILY) {
    this.#metrics = metrics;
    this.#family = family;
  }

  async watch(gather: () => Promise<ScanChunk | undefined>): Promise<ScanChunk | undefined> {
    const { clock } = this.#metrics;
    const began = clock.monotonic();
    try {
      const chunk = await gather();
      this.#rows += chunk?.length ?? 0;
      this.#bytes += (chunk?.keyBytes.length ?? 0) + (chunk?.valueBytes.length ?? 0);
      return chunk;
    } catch (error) {
      this.#error = errorText(error);
      throw error;
    } finally {
      this.#durationMs += clock.monotonic() - began;
    }
  }

  end(): void {
    const { store } = this.#metrics;
    const message: ScanMessage = {
      store,
      durationMs: this.#durationMs,
      error: this.#error,
      operation: 'scan',
      family: this.#family,
      rows: this.#rows,
      bytes: this.#bytes,
    };
    scanChannel.publish(message);
  }
}
