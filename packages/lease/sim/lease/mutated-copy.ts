/**
 * A copy of the compiled packages and of the simulation, in which one rule is broken.
 *
 *     .run/mutant/node_modules/@clortho/{base,registers,testkit,lease}/      copies
 *     .run/mutant/node_modules/DEPENDENCY                                    links
 *     .run/mutant/sim/                                                       a copy of the compiled simulation
 */
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Mutant } from './mutants.ts';

const COPIED = ['base', 'registers', 'testkit', 'lease'];

/** Makes the copy in `target` and returns the path of the compiled worker in it. */
export function mutatedCopy(packages: string, compiled: string, target: string, mutant: Mutant): string {
  rmSync(target, { recursive: true, force: true });
  const modules = join(target, 'node_modules');
  for (const name of COPIED) {
    for (const part of ['dist', 'package.json'])
      cpSync(join(packages, name, part), join(modules, '@clortho', name, part), { recursive: true });
    linkOthers(join(packages, name, 'node_modules'), modules);
  }
  const file = join(modules, '@clortho', 'lease', 'dist', mutant.file);
  const code = readFileSync(file, 'utf8');
  if (code.split(mutant.find).length !== 2)
    throw new Error(`to be replaced once: mutant=${mutant.name} file=${mutant.file}`);
  writeFileSync(
    file,
    code.replace(mutant.find, () => mutant.replace),
  );
  cpSync(compiled, join(target, 'sim'), { recursive: true });
  writeFileSync(join(target, 'package.json'), '{ "type": "module" }\n');
  return join(target, 'sim', 'lease', 'worker.js');
}

/** Links what a package depends on, siblings apart. */
function linkOthers(from: string, modules: string): void {
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    if (entry.name.startsWith('.') || entry.name === '@clortho') continue;
    const members = entry.name.startsWith('@')
      ? readdirSync(join(from, entry.name)).map((one) => join(entry.name, one))
      : [entry.name];
    for (const member of members) {
      const to = join(modules, member);
      mkdirSync(dirname(to), { recursive: true });
      rmSync(to, { force: true });
      symlinkSync(join(from, member), to);
    }
  }
}
