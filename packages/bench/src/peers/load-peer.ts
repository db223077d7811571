/**
 * Peers are no dependencies of the workspace: `pnpm bench:install` puts them into a folder of their own, pinned.
 *
 * Invariants:
 * - Only the pinned version is measured; anything else is as good as missing, and said.
 */
import { existsSync, readFileSync } from 'node:fs';

const FOLDER = new URL('../../peers/', import.meta.url);

interface Manifest {
  readonly version?: string;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

interface Loader {
  load(name: string): Promise<unknown>;
}

/** Imports a peer. */
export async function loadPeer<Module>(name: string): Promise<Module> {
  const { load } = (await import(new URL('load.mjs', FOLDER).href)) as Loader;
  return (await load(name)) as Module;
}

/** Returns why the peer cannot be measured, or `undefined` if it can be. `read` returns a manifest, if it is there. */
export async function whyNotLoaded(
  name: string,
  read: (path: string) => Manifest | undefined = readManifest,
  load: (name: string) => Promise<unknown> = loadPeer,
): Promise<string | undefined> {
  const pinned = read('package.json')?.optionalDependencies?.[name];
  const installed = read(`node_modules/${name}/package.json`)?.version;
  if (pinned === undefined) return 'no version is pinned';
  if (installed === undefined) return 'not installed: pnpm bench:install';
  if (installed !== pinned) return `version ${installed} is installed, ${pinned} is pinned`;
  try {
    await load(name);
    return undefined;
  } catch (error) {
    return `does not load: ${String(error)}`;
  }
}

/** Returns the version that is pinned. */
export function pinnedVersion(name: string): string | undefined {
  return readManifest('package.json')?.optionalDependencies?.[name];
}

function readManifest(path: string): Manifest | undefined {
  const url = new URL(path, FOLDER);
  return existsSync(url) ? (JSON.parse(readFileSync(url, 'utf8')) as Manifest) : undefined;
}
