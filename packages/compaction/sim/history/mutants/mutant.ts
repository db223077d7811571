/** What a mutant is: one rule broken, which the simulation must catch. */

/** A replacement in one compiled file. */
export interface MutantEdit {
  /** The file, from the folder of compiled code: in `src`, or in `sim` where the world stands for the engine. */
  readonly file: string;
  /** What is replaced; it must be there exactly once. */
  readonly find: string;
  readonly replace: string;
}

/** One broken rule. */
export interface Mutant {
  readonly name: string;
  /** The rule that it breaks, in a few words. */
  readonly rule: string;
  readonly edits: readonly MutantEdit[];
}
