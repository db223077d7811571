/**
 * The layers as rules: a package imports strictly lower layers only, and only through its entry.
 *
 * Siblings resolve through `node_modules` to `packages/<name>/dist`, so a rule names a package by its folder and
 * never by `src`. A package missing from {@link LAYERS} may import nothing and fails at its first import.
 */

/** Packages by layer, lowest first. */
const LAYERS = [
  ['base'],
  ['sst', 'block-cache', 'object-store', 'registers', 'gossip'],
  ['manifest', 'lease'],
  ['compaction'],
  ['engine'],
  ['cli', 'abstract-level', 'bench'],
];

/** Beside the layers: stands on the lowest one, and serves the tests of all packages. */
const TEST_HARNESS = 'testkit';

/** Everything under a package that is not shipped, and so may use the test harness. */
const NOT_SHIPPED = '(test|bench|fuzz|sim)';

/** Packages that are never published. */
const PRIVATE = ['bench'];

const below = (names) => (names.length === 0 ? 'nothing' : names.join(', '));

const rulesOf = (name, lower) => [
  {
    name: `layer-${name}`,
    comment: `${name} imports ${below(lower)} and itself`,
    severity: 'error',
    from: { path: `^packages/${name}/`, pathNot: `^packages/${name}/${NOT_SHIPPED}/` },
    to: { path: '^packages/', pathNot: `^packages/(${[name, ...lower].join('|')})/` },
  },
  {
    name: `layer-${name}-tests`,
    comment: `tests of ${name} import ${below([...lower, TEST_HARNESS])} and what they test`,
    severity: 'error',
    from: { path: `^packages/${name}/${NOT_SHIPPED}/` },
    to: { path: '^packages/', pathNot: `^packages/(${[name, ...lower, TEST_HARNESS].join('|')})/` },
  },
  {
    name: `entry-of-${name}`,
    comment: `other packages reach ${name} through its package entry, never by a path into its sources`,
    severity: 'error',
    from: { path: '^packages/', pathNot: `^packages/${name}/` },
    to: { path: `^packages/${name}/(src|test|bench|fuzz|sim)/` },
  },
];

const layerRules = LAYERS.flatMap((names, layer) => {
  const lower = LAYERS.slice(0, layer).flat();
  return names.flatMap((name) => rulesOf(name, PRIVATE.includes(name) ? [...lower, TEST_HARNESS] : lower));
});

const known = [...LAYERS.flat(), TEST_HARNESS];

export default {
  forbidden: [
    ...layerRules,
    ...rulesOf(TEST_HARNESS, LAYERS[0]),
    {
      name: 'layer-unknown',
      comment: 'every package has a place in the layers',
      severity: 'error',
      from: { path: '^packages/', pathNot: `^packages/(${known.join('|')})/` },
      to: {},
    },
    {
      name: 'shipped-without-tests',
      comment: 'what is shipped never imports what is not',
      severity: 'error',
      from: { path: '^packages/[^/]+/src/' },
      to: { path: `^packages/[^/]+/${NOT_SHIPPED}/` },
    },
    {
      name: 'shipped-without-dev-dependencies',
      comment: 'an installed package has none of its devDependencies',
      severity: 'error',
      from: { path: '^packages/[^/]+/src/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'no-cycle',
      comment: 'modules that need each other to run are one module; types may refer to each other',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: ['node_modules', '^packages/[^/]+/dist/'] },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.test.json' },
    combinedDependencies: false,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['types', 'import', 'node', 'default'],
      extensions: ['.ts', '.js', '.mjs', '.d.ts', '.json'],
    },
  },
};
