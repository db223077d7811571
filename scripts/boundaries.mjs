/**
 * Checks the layers of ARCHITECTURE.md: which package may import which. The rules are in `.dependency-cruiser.mjs`.
 *
 *     node scripts/boundaries.mjs [workspace]          default: this one
 *
 * Siblings resolve to `dist`, so two things would make a check that passes because it sees nothing: a workspace
 * that is not built, and a cruise without a single import between packages. Both are refused.
 */
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import config from '../.dependency-cruiser.mjs';

const HOUSE = join(dirname(fileURLToPath(import.meta.url)), '..');

process.chdir(resolve(process.argv[2] ?? HOUSE));

const names = readdirSync('packages');
const unbuilt = names.filter((name) => !existsSync(join('packages', name, 'dist')));
if (unbuilt.length > 0) {
  console.error(`not built: ${unbuilt.join(', ')}`);
  process.exit(2);
}

// The compiler that the cruiser brings is slow to load, and a refusal needs none.
const { cruise } = await import('dependency-cruiser');
const { default: extractTSConfig } = await import('dependency-cruiser/config-utl/extract-ts-config');
const folders = names
  .flatMap((name) => ['src', 'test', 'bench', 'fuzz', 'sim'].map((part) => `packages/${name}/${part}`))
  .filter((folder) => existsSync(folder));
const { enhancedResolveOptions, tsConfig, ...options } = config.options;
const { output } = await cruise(
  folders,
  { ...options, validate: true, ruleSet: { forbidden: config.forbidden } },
  enhancedResolveOptions,
  { tsConfig: extractTSConfig(join(HOUSE, tsConfig.fileName)) },
);

const packageOf = (path) => /^packages\/([^/]+)\//.exec(path)?.[1];
const crossings = output.modules.flatMap(({ source, dependencies }) =>
  dependencies.filter(
    ({ resolved }) => packageOf(resolved) !== undefined && packageOf(resolved) !== packageOf(source),
  ),
);
for (const { rule, from, to } of output.summary.violations) console.error(`${rule.name}: ${from} -> ${to}`);
console.log(
  `${output.summary.totalCruised} modules, ${crossings.length} imports between packages, ` +
    `${output.summary.violations.length} violations`,
);
if (crossings.length === 0) console.error('no import between packages was seen: nothing was checked');
process.exitCode = output.summary.violations.length > 0 || crossings.length === 0 ? 1 : 0;
