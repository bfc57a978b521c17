import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A new empty folder, removed when the running test ends. */
export function tempDir(): string {
  const dir = mkdtempSync(join(realpathSync(tmpdir()), 'leviathan-fs-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}
