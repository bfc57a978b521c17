import { chownSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { folderWith } from '../test/folder';
import { ConfigError } from './errors';
import { CONFIG_FILES, findConfig } from './find-config';

it('finds the nearest file, in the folder or above', async () => {
  const folder = folderWith({
    'leviathan.config.json': '{}',
    'a/leviathan.config.js': '',
    'a/b/c/file': '',
    'd/file': '',
  });
  expect(await findConfig(join(folder, 'a/b/c'))).toBe(join(folder, 'a/leviathan.config.js'));
  expect(await findConfig(join(folder, 'd'))).toBe(join(folder, 'leviathan.config.json'));
  expect(await findConfig(join(folder, 'no/such/folder'))).toBe(join(folder, 'leviathan.config.json'));
});

it('takes the first of several names, and no folder for a file', async () => {
  const names = [...CONFIG_FILES];
  expect(names).toEqual(['ts', 'mts', 'js', 'mjs', 'json'].map((end) => `leviathan.config.${end}`));
  for (; names.length > 0; names.shift()) {
    const folder = folderWith(Object.fromEntries(names.map((name) => [name, ''])));
    expect(await findConfig(folder)).toBe(join(folder, names[0] ?? ''));
  }
  const folder = folderWith({ 'leviathan.config.json': '{}' });
  mkdirSync(join(folder, 'leviathan.config.ts'));
  expect(await findConfig(folder)).toBe(join(folder, 'leviathan.config.json'));
});

it('refuses a file that another user left', async (context) => {
  context.skip(process.getuid?.() !== 0, 'only root can give files away');
  const folder = folderWith({ 'leviathan.config.js': '', 'below/file': '' });
  chownSync(join(folder, 'leviathan.config.js'), 65_534, 65_534);
  await expect(findConfig(join(folder, 'below'))).rejects.toThrow(ConfigError);
  await expect(findConfig(folder)).rejects.toThrow(/belongs to another user/);
});
