/**
 * Removes what the compiler left behind: output in `packages/*` `/dist` whose source file is gone.
 *
 * `tsc -b` never deletes, so a renamed module would stay importable and would be published.
 */
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';

const OUTPUT = /\.(?:js|d\.ts)(?:\.map)?$/;

for (const name of readdirSync('packages')) {
  const dist = join('packages', name, 'dist');
  if (!existsSync(dist)) continue;
  for (const entry of readdirSync(dist, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !OUTPUT.test(entry.name)) continue;
    const path = join(entry.parentPath, entry.name);
    const source = join('packages', name, 'src', relative(dist, path).replace(OUTPUT, '.ts'));
    if (existsSync(source)) continue;
    rmSync(path);
    console.log(`removed ${path}: ${source} is gone`);
  }
}
