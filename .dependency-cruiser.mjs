/**
 * Which file may import which: imports point down only.
 *
 *   apps  →  packages  →  core        and nothing imports upward, sideways, or into another package's files.
 */

const tests = '\\.test\\.tsx?$';
const support = ['/test/', tests, '/testing/', '(vitest|tsup)\\.config\\.ts$'];

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    {
      name: 'core-runs-anywhere',
      comment:
        'core knows no file system, no network and no process: it runs in a browser as well. A store or an app does that.',
      severity: 'error',
      from: { path: '^packages/core/src/', pathNot: support },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'core-is-the-bottom',
      comment: 'core imports no other package of this repository, and no user interface library.',
      severity: 'error',
      from: { path: '^packages/core/' },
      to: {
        path: [
          '^packages/(?!core/)',
          '^(apps|benchmarks|examples)/',
          '(^|/)node_modules/(react|react-dom|preact|vue|svelte)/',
        ],
      },
    },
    {
      name: 'packages-know-core-alone',
      comment: 'A store, a processor or a user interface imports core and no sibling; an app puts them together.',
      severity: 'error',
      from: { path: '^packages/([^/]+)/' },
      to: { path: '^packages/', pathNot: ['^packages/$1/', '^packages/core/'] },
    },
    {
      name: 'nothing-imports-upward',
      comment: 'Packages do not know the apps, the benchmarks or the examples.',
      severity: 'error',
      from: { path: '^packages/' },
      to: { path: '^(apps|benchmarks|examples)/' },
    },
    {
      name: 'apps-stand-alone',
      comment: 'Nothing is built on an app: what two of them need belongs into a package.',
      severity: 'error',
      from: { path: '^(apps/[^/]+|benchmarks|examples)/' },
      to: { path: '^(apps|benchmarks|examples)/', pathNot: '^$1/' },
    },
    {
      name: 'packages-by-name',
      comment: "Another package is imported by its name and entry points, never through its files' paths.",
      severity: 'error',
      from: { path: '^((?:packages|apps)/[^/]+|benchmarks|examples)/' },
      to: { path: '^(packages|apps)/', pathNot: '^$1/', dependencyTypes: ['local'] },
    },
    {
      name: 'tests-stay-outside',
      comment: 'What is published imports neither a test nor a helper of tests.',
      severity: 'error',
      from: { path: '/src/', pathNot: support },
      to: { path: [tests, '/testing/'] },
    },
    {
      name: 'no-cycle',
      comment: 'No file imports, even indirectly, a file that imports it: move what both need below them.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'can-be-found',
      comment: 'The import resolves to nothing: install it, build it, or export it from its package.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    // Type-only imports obey the same rules.
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.base.json' },
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(dist|coverage|node_modules/\\.cache)/' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['@leviathan/source', 'import', 'node', 'default', 'types'],
      extensions: ['.ts', '.tsx', '.mts', '.mjs', '.js', '.json', '.d.ts'],
    },
  },
};
