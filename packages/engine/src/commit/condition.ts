/**
 * Conditions of batches: the versions that keys must have when the batch commits.
 *
 * Invariants:
 * - A condition that holds on a view decides only together with a swap on top of that view: its keys are written by
 *   the batch, so their shards take part.
 * - A condition fails by the newest state, never by an old view of it.
 */
import { ClorthoError } from '@clortho/base';
import type { Expectation } from '../input/batch.ts';
import type { Reader } from '../read/reader.ts';
import type { StoreView } from '../view/store-view.ts';
import type { ViewKeeper } from '../view/view-keeper.ts';

/** Throws `CLORTHO_CONFLICT` unless what it stands for holds on `view`, or may hold once `view` is replaced. */
export type Condition = (view: StoreView) => Promise<void>;

/** Returns the condition for `expectations`; `undefined` if there are none. */
export function conditionOf(
  expectations: readonly Expectation[],
  reader: Reader,
  keeper: ViewKeeper,
): Condition | undefined {
  if (expectations.length === 0) return undefined;
  return async (view) => {
    if ((await firstBroken(expectations, reader, view)) === undefined) return;
    // If the condition holds by now, the swap on top of `view` is lost, and the condition is asked again.
    const broken = await firstBroken(expectations, reader, await keeper.refresh());
    if (broken === undefined) return;
    const { family, expected, found } = broken;
    const facts = `family=${family} found=${found ?? 'absent'} expected=${expected ?? 'absent'}`;
    throw new ClorthoError('CLORTHO_CONFLICT', `the condition of a put does not hold: ${facts}`);
  };
}

interface Broken {
  readonly family: string;
  readonly expected: number | undefined;
  readonly found: number | undefined;
}

async function firstBroken(
  expectations: readonly Expectation[],
  reader: Reader,
  view: StoreView,
): Promise<Broken | undefined> {
  for (const { family, key, version } of expectations) {
    const found = await reader.versionIn(view, family, key);
    if (found !== version) return { family: family.record.name, expected: version, found };
  }
  return undefined;
}
