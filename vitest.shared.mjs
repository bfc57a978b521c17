/**
 * The settings of one package's tests. `@leviathan/source` makes imports of other workspace packages resolve to their
 * sources, so that unit tests need no build. Tests that need the built packages are named `*.integration.test.ts`.
 *
 * @param {string} name The project's name: `vitest run --project NAME`.
 * @param {import('vitest/config').UserWorkspaceConfig['test']} [test] What differs in this package.
 * @returns {import('vitest/config').UserWorkspaceConfig}
 */
export function shared(name, test) {
  const conditions = ['@leviathan/source', 'module', 'node', 'development|production'];
  return {
    resolve: { conditions },
    ssr: { resolve: { conditions, externalConditions: ['@leviathan/source', 'node'] } },
    test: {
      name,
      environment: 'node',
      include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
      pool: 'forks',
      testTimeout: 30_000,
      hookTimeout: 30_000,
      retry: 0,
      ...test,
    },
  };
}
