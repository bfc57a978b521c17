import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { StoreClosedError } from '@leviathan/core';
import { expect, it, onTestFinished } from 'vitest';
import { fencedFiles } from './fenced-files';
import { nodeFiles } from './files';
import { tempDir } from './testing/temp-dir';

/** A file behind a fence; `answers` are those to each look at the lock, the last one for all that follow. */
function behindFence(answers: boolean[]) {
  const path = join(tempDir(), 'file');
  const fd = nodeFiles.openSync(path, 'create');
  onTestFinished(() => nodeFiles.closeSync(fd));
  const files = fencedFiles(nodeFiles, () => (answers.length > 1 ? answers.shift() : answers[0]) === true);
  return { files, fd, content: () => readFileSync(path, 'utf8') };
}

const bytes = Buffer.from('line');

it('writes as long as the folder is ours', async () => {
  const { files, fd, content } = behindFence([true]);
  expect(files.writeSync(fd, bytes, 0, 4)).toBe(4);
  expect(await files.write(fd, bytes, 0, 4)).toBe(4);
  expect(content()).toBe('lineline');
});

it('writes nothing once it is not', async () => {
  const { files, fd, content } = behindFence([false]);
  expect(() => files.writeSync(fd, bytes, 0, 4)).toThrow(StoreClosedError);
  await expect(files.write(fd, bytes, 0, 4)).rejects.toThrow(StoreClosedError);
  expect(content()).toBe('');
});

it('does not say that a write came about when the folder was lost while the process stood still in front of it', async () => {
  const sync = behindFence([true, false]);
  expect(() => sync.files.writeSync(sync.fd, bytes, 0, 4)).toThrow(StoreClosedError);
  const later = behindFence([true, false]);
  await expect(later.files.write(later.fd, bytes, 0, 4)).rejects.toThrow(StoreClosedError);
});
