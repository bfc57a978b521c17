import { join } from 'node:path';
import { ValidationError } from '@leviathan/core';
import { describe, expect, it } from 'vitest';
import { folderWith, packageFiles } from '../test/folder';
import { ConfigError } from './errors';
import { loadConfig } from './load-config';

describe('loadConfig', () => {
  it.each([
    ['ts', 'enum Jobs { At = 4 }\nexport default { worker: { concurrency: Jobs.At as number } };'],
    ['mts', 'const config: { worker: object } = { worker: { concurrency: 4 } };\nexport default config;'],
    ['js', 'export default { worker: { concurrency: 4 } };'],
    ['mjs', 'export default await Promise.resolve({ worker: { concurrency: 4 } });'],
    ['json', '{ "worker": { "concurrency": 4 } }'],
  ])('reads leviathan.config.%s', async (extension, text) => {
    const file = `leviathan.config.${extension}`;
    const folder = folderWith({ [file]: text, 'package.json': '{"type":"module"}' });
    expect(await loadConfig({ cwd: folder })).toEqual({
      file: join(folder, file),
      config: { worker: { concurrency: 4 } },
    });
  });

  it('sees the jobs folder from the file, wherever it was called', async () => {
    const folder = folderWith({ 'leviathan.config.json': '{ "root": "./jobs" }', 'a/b/file': '' });
    expect((await loadConfig({ cwd: join(folder, 'a/b') }))?.config).toEqual({ root: join(folder, 'jobs') });
  });

  it('lets a TypeScript file import other files and packages', async () => {
    const folder = folderWith({
      ...packageFiles('options', 'export const concurrency = 7;'),
      'leviathan.config.ts':
        "import { concurrency } from 'options';\nimport { root } from './root';\nexport default { root, worker: { concurrency } };",
      'root.ts': "export const root: string = 'there';",
    });
    expect((await loadConfig({ cwd: folder }))?.config).toEqual({
      root: join(folder, 'there'),
      worker: { concurrency: 7 },
    });
  });

  it('takes the file that it is told', async () => {
    const folder = folderWith({ 'leviathan.config.json': '{}', 'other.json': '{ "root": "/x" }' });
    expect((await loadConfig({ cwd: folder, file: 'other.json' }))?.config).toEqual({ root: '/x' });
    await expect(loadConfig({ cwd: folder, file: 'missing.json' })).rejects.toThrow(/missing.json is not there/);
    await expect(loadConfig({ cwd: folder, file: '.' })).rejects.toThrow(ConfigError);
  });

  it('takes every option', async () => {
    const config = {
      root: '/jobs',
      store: {
        durability: 'process',
        retention: { completed: { age: 1, count: 2, bytes: 3 }, failed: { age: 1 } },
        audit: { days: 1, bytes: 2 },
        ...{ pendingFiles: 1, maxJobBytes: 2, memoryBytes: 3, snapshotBytes: 4, segmentBytes: 5, patience: 6 },
      },
      worker: { concurrency: 1, maxUnacknowledged: 2, stuckAfter: 3 },
      plugins: ['package', './file.ts', ['package', { any: 'options' }], ['./file.ts', null], { name: 'plugin' }],
    };
    const folder = folderWith({ 'leviathan.config.json': JSON.stringify(config) });
    expect((await loadConfig({ cwd: folder }))?.config).toEqual(config);
  });

  it('names each fault with its path', async () => {
    const config = {
      rot: 'jobs',
      root: '',
      store: { durability: 'none', retention: { failed: { days: 3 } } },
      worker: { concurrency: 0, name: 'w' },
      plugins: ['', 5, ['./x'], ['./x', 1]],
    };
    const folder = folderWith({ 'leviathan.config.json': JSON.stringify(config) });
    const error = await loadConfig({ cwd: folder }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ConfigError);
    expect(error).toMatchObject({ code: 'CONFIG', file: join(folder, 'leviathan.config.json') });
    expect((error as Error).message).toContain('worker.concurrency: ');
    const { cause } = error as { cause: ValidationError };
    expect(cause).toBeInstanceOf(ValidationError);
    expect(cause.issues.map(({ path }) => path.join('.')).toSorted()).toEqual([
      ...['plugins.0', 'plugins.1', 'plugins.2', 'root', 'rot'],
      ...['store.durability', 'store.retention.failed.days', 'worker.concurrency', 'worker.name'],
    ]);
    expect(cause.issues).toContainEqual({ path: ['rot'], message: 'there is no such option' });
  });

  it.each([
    ['leviathan.config.json', '{ "root": ', /cannot be loaded: .*JSON/],
    ['leviathan.config.mjs', 'throw new Error("no key");', /cannot be loaded: no key/],
    ['leviathan.config.ts', 'export default { root: ', /cannot be loaded: /],
    ['leviathan.config.mjs', 'export const config = {};', /is not valid/],
  ])('tells why %s cannot be used: %j', async (name, text, message) => {
    await expect(loadConfig({ cwd: folderWith({ [name]: text }) })).rejects.toThrow(message);
  });
});
