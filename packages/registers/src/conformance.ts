/**
 * The promises of {@link RegisterStore} as tests, for any backend and any test runner.
 *
 *     import { describe, it } from 'node:test';   // or vitest, mocha, jest
 *     registerStoreConformance({ describe, it }, { name: 'mine', open: async () => ({ store, close }) });
 *
 * Invariants:
 * - Every test opens registers of its own and closes them.
 * - Only `node:assert/strict` is used; no test depends on time.
 */
import { MANY_REGISTER_TESTS, refusesMany } from './conformance/many-registers.ts';
import { SINGLE_REGISTER_TESTS } from './conformance/single-register.ts';
import type { Handles } from './conformance/steps.ts';
import type { RegisterStore } from './register-store.ts';

/** The part of a test runner that the suite needs. */
export interface ConformanceRunner {
  readonly describe: (name: string, body: () => void) => unknown;
  readonly it: (name: string, body: () => Promise<void>) => unknown;
}

/** Registers opened for one test. */
export interface ConformanceStore {
  readonly store: RegisterStore;
  /** Opens a second handle on the same registers; `store` itself stands for it where there is none. */
  readonly openAnother?: (() => Promise<RegisterStore>) | undefined;
  /** Ends what `open` began, after the suite has closed the stores. */
  readonly close: () => Promise<void>;
}

/** What is tested. */
export interface ConformanceSubject {
  readonly name: string;
  /** Opens empty registers. */
  readonly open: () => Promise<ConformanceStore>;
}

/** Declares the tests of `subject` with the runner's `describe` and `it`. */
export function registerStoreConformance(runner: ConformanceRunner, subject: ConformanceSubject): void {
  runner.describe(`register store: ${subject.name}`, () => {
    for (const [title, body] of Object.entries(SINGLE_REGISTER_TESTS))
      runner.it(title, () => run(subject, body));
    for (const [title, body] of Object.entries(MANY_REGISTER_TESTS)) {
      runner.it(title, () =>
        run(subject, async (handles) => {
          if (handles.store.supports.atomicMany) await body(handles);
          else await refusesMany(handles);
        }),
      );
    }
  });
}

async function run(subject: ConformanceSubject, body: (handles: Handles) => Promise<void>): Promise<void> {
  const opened = await subject.open();
  const another = (await opened.openAnother?.()) ?? opened.store;
  try {
    await body({ store: opened.store, another });
  } finally {
    await another.close();
    await opened.store.close();
    await opened.close();
  }
}
