/** What a mutant is: the protocol with one rule broken, which the simulation must catch. */

/** A replacement in one compiled file. */
export interface MutantEdit {
  /** The file, from the folder of packages. */
  readonly file: string;
  /** What is replaced; it must be there exactly once. */
  readonly find: string;
  readonly replace: string;
}

/** One broken rule. */
export interface Mutant {
  readonly name: string;
  readonly edits: readonly MutantEdit[];
  /** Within how many runs it must be caught. */
  readonly runsMax: number;
}
