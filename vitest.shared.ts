import type { UserWorkspaceConfig } from 'vitest/config';

/**
 * The settings of one package's tests. `@leviathan/source` makes imports of other workspace packages resolve to their
 * sources, so that unit tests need no build.
 */
export function shared(name: string): UserWorkspaceConfig {
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
    },
  };
}
