/** `npm run torture -- …`: installs what is missing, then tortures the file store. See packages/fs-store/test/torture.ts. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { ensureInstalled, PrepareError } from './lib/prepare.mjs';
import { root } from './lib/repository.mjs';

try {
  await ensureInstalled();
  const program = join(root, 'packages', 'fs-store', 'test', 'torture.ts');
  // On the sources, so that a build that is out of date proves nothing.
  const flags = ['--conditions=@leviathan/source', '--import', 'tsx'];
  const child = spawn(process.execPath, [...flags, program, ...process.argv.slice(2)], { stdio: 'inherit' });
  // It cleans up, and this waits for it; a Ctrl-C in a terminal reaches it by itself.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  process.exitCode = await new Promise((done, fail) =>
    child.once('error', fail).once('close', (code) => done(code ?? 130)),
  );
} catch (error) {
  console.error(error instanceof PrepareError ? error.message : error);
  process.exitCode = 1;
}
