import { defineConfig } from 'tsup';

export default defineConfig({
  // `child` runs in each worker, `guard` in a thread of each child process.
  entry: { index: 'src/index.ts', child: 'src/child/child.ts', guard: 'src/child/guard.ts' },
  format: 'esm',
  target: 'node20',
  platform: 'node',
  dts: { entry: 'src/index.ts', compilerOptions: { customConditions: [] } },
  sourcemap: true,
  clean: true,
});
