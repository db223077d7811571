/**
 * The promises of {@link ObjectStore} as tests that any backend can run, with any runner.
 *
 *     objectStoreConformance({ describe, it }, { name: 'mine', open: async () => ({ store, close }) });
 */
import { blobs } from './conformance/blobs.ts';
import { conditions } from './conformance/conditions.ts';
import type { Check } from './conformance/fixture.ts';
import { listings } from './conformance/listings.ts';
import { prefixes } from './conformance/prefixes.ts';
import { ranges } from './conformance/ranges.ts';
import { refusals } from './conformance/refusals.ts';
import type { ObjectStore } from './object-store.ts';

/** The two functions of a test runner that the suite needs: those of vitest, mocha, jest or `node:test`. */
export interface ConformanceRunner {
  readonly describe: (name: string, body: () => void) => unknown;
  readonly it: (name: string, body: () => Promise<void>) => unknown;
}

/** A backend under test. */
export interface ConformanceBackend {
  /** Names the suite in reports. */
  readonly name: string;
  /** Opens an empty store; `close` removes whatever it left. */
  readonly open: () => Promise<{ readonly store: ObjectStore; readonly close: () => Promise<void> }>;
  /** The size of the largest blob to try; 20 MiB by default, enough for a multipart upload. */
  readonly blobBytesMax?: number | undefined;
  /** How many blobs to list; 1,200 by default, enough for a second page of S3. */
  readonly listedMax?: number | undefined;
  /** Whether keys that differ in case are different; `false` for file systems that ignore it. */
  readonly caseSensitive?: boolean | undefined;
}

/** Registers the suite with `runner`. Every test opens a store of its own. */
export function objectStoreConformance(runner: ConformanceRunner, backend: ConformanceBackend): void {
  const check: Check = (promise, body) => {
    runner.it(promise, async () => {
      const { store, close } = await backend.open();
      try {
        await body(store);
      } finally {
        await close();
      }
    });
  };
  runner.describe(`object store: ${backend.name}`, () => {
    blobs(check, backend);
    conditions(check);
    ranges(check);
    listings(check, backend);
    refusals(check);
    prefixes(check);
  });
}
