/** Loading a named export of a user's module, on this thread or in a worker. */
import { createRequire } from 'node:module';
import { isAbsolute, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ClorthoError } from '@clortho/base';

/** An export of a module that every process of a store can load. */
export interface ModuleReference {
  /**
   * A URL (`new URL('./operators.js', import.meta.url).href`), an absolute path, or a specifier resolved from the
   * working directory of the process.
   */
  readonly module: string;
  readonly export: string;
  /** The name and version that the store remembers; the export must agree. */
  readonly name: string;
  readonly version: number;
}

/**
 * Imports the module and returns the export.
 *
 * @throws {ClorthoError} `CLORTHO_INVALID` if the module cannot be loaded or has no such export.
 */
export async function loadExport(reference: ModuleReference): Promise<unknown> {
  const facts = `module=${reference.module} export=${reference.export}`;
  let namespace: Readonly<Record<string, unknown>>;
  try {
    namespace = (await import(moduleUrl(reference.module))) as Readonly<Record<string, unknown>>;
  } catch (cause) {
    throw new ClorthoError('CLORTHO_INVALID', `the module cannot be loaded: ${facts}`, { cause });
  }
  const exported = namespace[reference.export];
  if (exported === undefined)
    throw new ClorthoError('CLORTHO_INVALID', `the module has no such export: ${facts}`);
  return exported;
}

function moduleUrl(specifier: string): string {
  if (/^[a-z]{2,}:/.test(specifier)) return specifier;
  if (isAbsolute(specifier)) return pathToFileURL(specifier).href;
  return pathToFileURL(createRequire(join(process.cwd(), 'package.json')).resolve(specifier)).href;
}
