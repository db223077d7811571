/** The comparison at the heart of a swap. */
import type { Register, RegisterChange, SwapResult } from './register-store.ts';

/** Returns the lost result if some register has another version than its change expects, else `undefined`. */
export function lostSwap(
  changes: readonly RegisterChange[],
  current: readonly (Register | undefined)[],
): SwapResult | undefined {
  const fits = changes.every(({ expect }, index) => (current[index]?.version ?? 0) === expect);
  return fits ? undefined : { applied: false, current };
}
