/** `npm run torture -- …`: installs what is missing, then tortures the file store. See packages/fs-store/test/torture.ts. */
import { join } from 'node:path';
import { ensureInstalled } from './lib/prepare.mjs';
import { root } from './lib/repository.mjs';
import { runProgram } from './lib/run-program.mjs';

await runProgram(async () => {
  await ensureInstalled();
  // On the sources, so that a build that is out of date proves nothing.
  return [
    '--conditions=@leviathan/source',
    '--import',
    'tsx',
    join(root, 'packages', 'fs-store', 'test', 'torture.ts'),
  ];
});
