/**
 * A copy of the compiled packages and of the simulation, in which one rule is broken.
 *
 *     .run/mutant/node_modules/@clortho/NAME/{package.json,dist}      copies
 *     .run/mutant/node_modules/DEPENDENCY                             links
 *     .run/mutant/sim/                                                a copy of the compiled simulation
 */
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { Mutant } from './mutants.ts';

/** Makes the copy in `target` and returns the folder of the simulation in it. */
export function mutatedCopy(packages: string, compiled: string, target: string, mutant: Mutant): string {
  rmSync(target, { recursive: true, force: true });
  const modules = join(target, 'node_modules');
  for (const name of readdirSync(packages)) {
    const from = join(packages, name);
    if (!existsSync(join(from, 'dist'))) continue;
    const to = join(modules, '@clortho', name);
    mkdirSync(to, { recursive: true });
    cpSync(join(from, 'dist'), join(to, 'dist'), { recursive: true, filter: isRun });
    cpSync(join(from, 'package.json'), join(to, 'package.json'));
    linkDependencies(join(from, 'node_modules'), modules);
  }
  for (const [file, text] of mutatedFiles(packages, mutant))
    writeFileSync(join(modules, '@clortho', file), text);
  cpSync(compiled, join(target, 'sim'), { recursive: true, filter: isRun });
  writeFileSync(join(target, 'package.json'), '{ "type": "module" }\n');
  return join(target, 'sim');
}

/** Returns what a mutant makes of files of `packages`, by name. Throws unless every edit has exactly one place. */
export function mutatedFiles(packages: string, { name, edits }: Mutant): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  for (const { file, find, replace } of edits) {
    const parts = (files.get(file) ?? readFileSync(join(packages, file), 'utf8')).split(find);
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

function linkDependencies(from: string, modules: string): void {
  if (!existsSync(from)) return;
  for (const name of readdirSync(from)) {
    if (name.startsWith('.') || name === '@clortho') continue;
    const members = name.startsWith('@')
      ? readdirSync(join(from, name)).map((one) => join(name, one))
      : [name];
    for (const member of members) {
      const to = join(modules, member);
      mkdirSync(dirname(to), { recursive: true });
      if (!existsSync(to)) symlinkSync(join(from, member), to);
    }
  }
}
