/** `npm run bench -- queue …`: installs and builds what is missing, then measures. See benchmarks/README.md. */
import { join } from 'node:path';
import { ensureBuilt, ensureInstalled } from './lib/prepare.mjs';
import { root } from './lib/repository.mjs';
import { runProgram } from './lib/run-program.mjs';

await runProgram(async () => {
  await ensureInstalled();
  await ensureBuilt();
  return [join(root, 'benchmarks', 'dist', 'run.js')];
});
