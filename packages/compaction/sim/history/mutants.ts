/**
 * Mutants: the rules of history with one broken, each of which the simulation must catch.
 *
 * A mutant is a list of replacements in a copy of the compiled code, so the code itself knows nothing of them. A
 * replacement that finds nothing to replace is an error: the mutant has to follow the code.
 *
 *     .run/sim/{src,sim}          compiled
 *     .run/mutant/N/{src,sim}     a copy, in which one rule is broken
 */
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FILE_MUTANTS } from './mutants/files.ts';
import { KEEPING_MUTANTS } from './mutants/keeping.ts';
import type { Mutant } from './mutants/mutant.ts';
import { TIME_MUTANTS } from './mutants/times.ts';
import { VERSION_MUTANTS } from './mutants/versions.ts';

export type { Mutant } from './mutants/mutant.ts';

/** All mutants. */
export const MUTANTS: readonly Mutant[] = [
  ...VERSION_MUTANTS,
  ...FILE_MUTANTS,
  ...TIME_MUTANTS,
  ...KEEPING_MUTANTS,
];

/** Makes a copy of `compiled` in `target` with the edits of the mutant, and returns the path of its `hunt`. */
export function mutatedCopy(compiled: string, target: string, { name, edits }: Mutant): string {
  rmSync(target, { recursive: true, force: true });
  for (const part of ['src', 'sim']) cpSync(join(compiled, part), join(target, part), { recursive: true });
  for (const { file, find, replace } of edits) {
    const path = join(target, file);
    const parts = readFileSync(path, 'utf8').split(find);
    if (parts.length !== 2)
      throw new Error(`found ${parts.length - 1} places to replace: mutant=${name} file=${file}`);
    writeFileSync(path, parts.join(replace));
  }
  return join(target, 'sim', 'history', 'hunt.js');
}
