/**
 * Mutants: the protocol with one rule broken, each of which the simulation must catch.
 *
 * A mutant is a list of replacements in compiled files of a copy of the packages, so the code itself knows nothing of
 * them. A replacement that finds nothing to replace is an error: the mutant has to follow the code.
 */
import { GARBAGE_MUTANTS } from './mutants/garbage.ts';
import type { Mutant } from './mutants/mutant.ts';
import { READ_MUTANTS } from './mutants/reads.ts';
import { REGISTER_MUTANTS } from './mutants/registers.ts';
import { SPLIT_MUTANTS } from './mutants/splits.ts';

export type { Mutant } from './mutants/mutant.ts';

/** All mutants. */
export const MUTANTS: readonly Mutant[] = [
  ...REGISTER_MUTANTS,
  ...READ_MUTANTS,
  ...GARBAGE_MUTANTS,
  ...SPLIT_MUTANTS,
];
