import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

it('a started worker keeps its process alive until it is stopped, and not longer', async () => {
  const program = fileURLToPath(new URL('one-retry-child.ts', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', program], { timeout: 20_000 });
  expect(stdout).toBe('completed in attempt 2\nstopped\n');
});
