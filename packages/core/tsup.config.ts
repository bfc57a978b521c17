import { defineConfig } from 'tsup';

export default defineConfig({
  entry: {
    index: 'src/index.ts',
    'engine/index': 'src/engine/index.ts',
    'remote/index': 'src/remote/index.ts',
    'testing/index': 'src/testing/index.ts',
    'testing/model/index': 'src/testing/model/index.ts',
  },
  format: 'esm',
  target: 'node20',
  platform: 'neutral',
  dts: { compilerOptions: { customConditions: [] } },
  sourcemap: true,
  clean: true,
});
