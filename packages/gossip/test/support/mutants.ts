/**
 * The package with one rule broken: a copy of what was compiled, with one replacement in one file.
 *
 * A replacement that finds nothing to replace is an error: the mutant has to follow the code.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { ClusterClass } from './schedule.ts';

/** One broken rule. */
export interface Mutant {
  readonly name: string;
  /** The compiled file, from `dist`. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

/** Rules that the schedules must see broken. */
export const MUTANTS: readonly Mutant[] = [
  {
    name: 'generations have no order',
    file: 'member/member-record.js',
    find: 'return left.gen - right.gen || left.inc - right.inc',
    replace: 'return left.inc - right.inc',
  },
  {
    name: 'incarnations are not compared',
    file: 'member/member-record.js',
    find: 'left.gen - right.gen || left.inc - right.inc || left.status - right.status',
    replace: 'left.gen - right.gen || left.status - right.status',
  },
  {
    name: 'a member does not object',
    file: 'core/membership.js',
    find: 'this.#refute(item.inc);\n    }\n    /** Two',
    replace: '}\n    /** Two',
  },
  {
    name: 'tombstones are collected early',
    file: 'kv/key-values.js',
    find: 'return { max: old.max, gc, entries };',
    replace: 'return { max: old.max, gc: old.gc, entries };',
  },
  {
    name: 'who is behind forgotten tombstones is not reset',
    file: 'kv/key-values.js',
    find: 'const isReset = gc > Math.max(old.gc, old.max);',
    replace: 'const isReset = false;',
  },
  {
    name: 'who begins anew is sent a part',
    file: 'core/delta-items.js',
    find: 'if (isReset && delta.to < kv.max)',
    replace: 'if (false)',
  },
  {
    name: 'nobody tells that the keys of an earlier start are gone',
    file: 'core/membership.js',
    find: "if (keys.length > 0)\n            host.emit({ type: 'update', member: item, keys });",
    replace: '',
  },
  {
    name: 'a change is complete whatever came before it',
    file: 'kv/key-values.js',
    find: 'return { max: completeUpTo(entries, old.max), gc: old.gc, entries };',
    replace: 'return { max: entry.version, gc: old.gc, entries };',
  },
  {
    name: 'nobody reminds the buried',
    file: 'core/gossip-core.js',
    find: 'this.#remind(sender, origin);',
    replace: '{}',
  },
];

const PACKAGE = fileURLToPath(new URL('../..', import.meta.url));

/** Returns the simulated cluster of the package with a rule broken. */
export async function mutatedCluster(mutant: Mutant): Promise<ClusterClass> {
  const folder = join(PACKAGE, '.run', 'mutants', mutant.name.replaceAll(' ', '-'));
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const name of readdirSync(join(PACKAGE, 'dist'), { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith('.js')) continue;
    const code = readFileSync(join(PACKAGE, 'dist', name), 'utf8');
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    // Maps to sources that are not there would only make noise.
    writeFileSync(join(folder, name), code.replace(/^\/\/# sourceMappingURL=.*$/m, ''));
  }
  const file = join(folder, mutant.file);
  const code = readFileSync(file, 'utf8');
  if (!code.includes(mutant.find)) throw new Error(`nothing to replace: mutant=${mutant.name}`);
  writeFileSync(file, code.replace(mutant.find, mutant.replace));
  const { SimulatedCluster } = (await import(pathToFileURL(join(folder, 'simulation.js')).href)) as {
    readonly SimulatedCluster: ClusterClass;
  };
  return SimulatedCluster;
}
