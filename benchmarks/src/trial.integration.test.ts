import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { leviathan } from './engines/leviathan';
import { FreshFolders } from './fresh-folder';
import { add } from './metrics/add';
import { quickScale } from './scales';
import { killAll, startTask } from './spawn';
import { measure } from './trial';

const launch = { node: process.execPath, nodeArgs: [] };

test('when everything is ended no process lives on, and no measurement begins', async () => {
  const root = mkdtempSync(join(tmpdir(), 'leviathan-bench-test-'));
  const folders = await FreshFolders.below(root);
  const running = startTask(launch, 'add', {});
  await killAll();
  await expect(running.result).rejects.toThrow('SIGKILL');
  await expect(startTask(launch, 'add', {}).result).rejects.toThrow('SIGKILL');

  await folders.removeAll();
  const setting = { folders, launch, programs: {} };
  void measure(setting, { metric: add, engine: leviathan, durability: 'process', variant: {}, scale: quickScale });
  // It would make its folder before anything else, and fail, since the one above is gone.
  await folders.removeAll();
  expect(readdirSync(root)).toEqual([]);
  rmSync(root, { recursive: true });
});
