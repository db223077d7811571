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
export function mutatedCopy(compiled: string, target: string, mutant: Mutant): string {
  rmSync(target, { recursive: true, force: true });
  for (const part of ['src', 'sim'])
    cpSync(join(compiled, part), join(target, part), { recursive: true, filter: isRun });
  for (const [file, text] of mutatedFiles(compiled, mutant)) writeFileSync(join(target, file), text);
  return join(target, 'sim', 'history', 'hunt.js');
}

/** Returns what a mutant makes of files of `compiled`, by name. Throws unless every edit has exactly one place. */
export function mutatedFiles(compiled: string, { name, edits }: Mutant): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  for (const { file, find, replace } of edits) {
    const parts = (files.get(file) ?? readFileSync(join(compiled, file), 'utf8')).split(find);
    if (parts.length !== 2)
      throw new Error(
        `found ${parts.length - 1} places to replace: mutant=${name} file=${file} text=${find}`,
      );
    files.set(file, parts.join(replace));
  }
  return files;
}

/** Leaves out declarations and source maps, which are three quarters of what the compiler writes. */
function isRun(path: string): boolean {
  return !/\.(?:map|d\.ts)$/.test(path);
}
