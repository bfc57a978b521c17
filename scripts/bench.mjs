/** `npm run bench -- queue …`: installs and builds what is missing, then measures. See benchmarks/README.md. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { ensureBuilt, ensureInstalled, PrepareError } from './lib/prepare.mjs';
import { root } from './lib/repository.mjs';

try {
  await ensureInstalled();
  await ensureBuilt();
  const script = join(root, 'benchmarks', 'dist', 'run.js');
  const child = spawn(process.execPath, [script, ...process.argv.slice(2)], { stdio: 'inherit' });
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
