/** Wires between a session and its registers that a test holds in its hands. */
import { ClorthoError } from '@clortho/base';
import type { RegisterStore } from '@clortho/registers';

/** Registers that can be put out of reach. */
export interface Cuttable {
  readonly registers: RegisterStore;
  /** From here on no call arrives. */
  cut(): void;
  mend(): void;
}

/** Returns the same registers on a wire that can be cut. */
export function cuttable(inner: RegisterStore): Cuttable {
  let isCut = false;
  const guard = (): void => {
    if (isCut) throw new ClorthoError('CLORTHO_UNAVAILABLE', 'cut off');
  };
  return {
    registers: {
      ...inner,
      async read(...call) {
        guard();
        return inner.read(...call);
      },
      async compareAndSwap(...call) {
        guard();
        return inner.compareAndSwap(...call);
      },
    },
    cut() {
      isCut = true;
    },
    mend() {
      isCut = false;
    },
  };
}
