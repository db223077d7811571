/** Files to inspect: the golden ones of `@clortho/sst`, whole and damaged. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { withDirectory } from '../cli.ts';
import { type CallResult, call } from '../in-process.ts';

/** Returns the path of a golden file. */
export function goldenPath(name: string): string {
  return fileURLToPath(new URL(`../../../sst/test/golden/v1/${name}.sst`, import.meta.url));
}

/** Runs `inspect sst` on a golden file, which the output calls by its short name. */
export async function inspectGolden(name: string, ...options: readonly string[]): Promise<CallResult> {
  const path = goldenPath(name);
  return named(await call(['inspect', 'sst', path, ...options]), path, `${name}.sst`);
}

/** Runs `inspect sst` on a golden file that was changed. */
export function inspectChanged(
  name: string,
  change: (bytes: Buffer) => Buffer | void,
  ...options: readonly string[]
): Promise<CallResult> {
  return withDirectory(async (directory) => {
    const bytes = await readFile(goldenPath(name));
    const path = join(directory, 'changed.sst');
    await writeFile(path, change(bytes) ?? bytes);
    return named(await call(['inspect', 'sst', path, ...options]), path, 'changed.sst');
  });
}

function named({ code, out, error }: CallResult, path: string, name: string): CallResult {
  return { code, out: out.replaceAll(path, name), error: error.replaceAll(path, name) };
}
