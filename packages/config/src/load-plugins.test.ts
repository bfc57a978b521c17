import { join } from 'node:path';
import type { Plugin } from '@leviathan/core';
import { describe, expect, it } from 'vitest';
import { folderWith, packageFiles } from '../test/folder';
import type { PluginEntry } from './config';
import { PluginError } from './errors';
import { loadPlugins } from './load-plugins';

/** A module whose plugin runs jobs of one type. */
const plugin = (name: string, type = name): string => `
const input = { '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value }) } };
export default { name: ${JSON.stringify(name)}, processors: [{ type: ${JSON.stringify(type)}, input, run: () => 1 }] };
`;

const load = (files: Record<string, string>, entries: PluginEntry[]) =>
  loadPlugins(entries, { from: join(folderWith(files), 'leviathan.config.json') });

/** What loaded and what did not, by their sources. */
async function summary(files: Record<string, string>, entries: PluginEntry[]) {
  const { plugins, failed } = await load(files, entries);
  return {
    loaded: plugins.map(({ source, plugin: { name } }) => [source, name]),
    failed: failed.map(({ source, reason }) => [source, reason]),
  };
}

describe('loadPlugins', () => {
  it('loads packages, files in JavaScript and TypeScript, and plugins as they are', async () => {
    const files = {
      ...packageFiles('a-package', plugin('a')),
      ...packageFiles('@scope/package', plugin('b')),
      'plugins/c.mjs': plugin('c'),
      'd.ts': `${plugin('d')}\nexport const typed: string = 'yes';`,
      'e.cjs': `module.exports = { name: 'e' };`,
      'f.cjs': `Object.defineProperty(exports, '__esModule', { value: true }); exports.default = { name: 'f' };`,
    };
    const entries = ['a-package', '@scope/package', './plugins/c.mjs', './d.ts', './e.cjs', './f.cjs', { name: 'g' }];
    expect(await summary(files, entries)).toEqual({
      loaded: [
        ...[
          ['a-package', 'a'],
          ['@scope/package', 'b'],
          ['./plugins/c.mjs', 'c'],
          ['./d.ts', 'd'],
        ],
        ...[
          ['./e.cjs', 'e'],
          ['./f.cjs', 'f'],
          ['plugins[6]', 'g'],
        ],
      ],
      failed: [],
    });
  });

  it('takes absolute paths and file URLs', async () => {
    const folder = folderWith({ 'a.mjs': plugin('a'), 'b.mjs': plugin('b') });
    const entries = [join(folder, 'a.mjs'), new URL(`file://${folder}/b.mjs`).href];
    const { plugins } = await loadPlugins(entries, { from: '/elsewhere/leviathan.config.json' });
    expect(plugins.map(({ plugin: { name } }) => name)).toEqual(['a', 'b']);
  });

  it('gives a function its options, and waits for what it makes', async () => {
    const files = {
      'made.mjs': 'export default async (options) => ({ name: "made", description: JSON.stringify(options) });',
    };
    const told = async (entry: PluginEntry) => (await load(files, [entry])).plugins[0]?.plugin.description;
    expect(await told(['./made.mjs', { a: [1] }])).toBe('{"a":[1]}');
    expect(await told('./made.mjs')).toBe('{}');
  });

  it('skips what does not load, says why, and loads the others', async () => {
    const files = {
      'good.mjs': plugin('good'),
      'throws.mjs': 'throw new Error("no key");',
      'broken.ts': 'export default {',
      'needs.mjs': "import 'not-installed';",
      'named.mjs': 'export const plugin = { name: "x" };',
      'shapeless.mjs': 'export default { processors: [{}], hooks: { complete() {} } };',
      'fussy.mjs': 'export default (options) => { throw new TypeError("no " + options.key); };',
      'plain.mjs': plugin('plain'),
      'sub/file': '',
    };
    const entries: PluginEntry[] = [
      ...[
        'not-a-package',
        './not-a-file.mjs',
        './throws.mjs',
        './broken.ts',
        './needs.mjs',
        './named.mjs',
        './shapeless.mjs',
      ],
      ...[
        './sub',
        ['./fussy.mjs', { key: 'key' }] as const,
        ['./plain.mjs', { a: 1 }] as const,
        { name: 5 } as unknown as Plugin,
        './good.mjs',
      ],
    ];
    const { loaded, failed } = await summary(files, entries);
    expect(loaded).toEqual([['./good.mjs', 'good']]);
    expect(failed).toEqual([
      ['not-a-package', expect.stringMatching(/there is no package of this name/)],
      ['./not-a-file.mjs', expect.stringMatching(/cannot be loaded: .*not-a-file/)],
      ['./throws.mjs', 'it cannot be loaded: no key'],
      ['./broken.ts', expect.stringMatching(/cannot be loaded: /)],
      ['./needs.mjs', expect.stringMatching(/cannot be loaded: .*not-installed/)],
      ['./named.mjs', 'it has no default export.'],
      [
        './shapeless.mjs',
        expect.stringMatching(
          /^the plugin is not valid: name: must be a text; processors\[0\]\.type: .*hooks\.complete: /,
        ),
      ],
      ['./sub', expect.stringMatching(/cannot be loaded/)],
      ['./fussy.mjs', 'it cannot be made from its options: no key'],
      ['./plain.mjs', 'it takes no options: its default export is not a function.'],
      ['plugins[10]', 'the plugin is not valid: name: must be a text'],
    ]);
  });

  it('keeps the first of two that clash', async () => {
    const files = { 'a.mjs': plugin('a', 'resize'), 'b.mjs': plugin('b', 'resize'), 'c.mjs': plugin('c', 'crop') };
    expect(await summary(files, ['./a.mjs', './b.mjs', './c.mjs', './c.mjs'])).toEqual({
      loaded: [
        ['./a.mjs', 'a'],
        ['./c.mjs', 'c'],
      ],
      failed: [
        ['./b.mjs', 'the plugin "b" is not valid: processors[0]: a has a processor of type "resize" already'],
        ['./c.mjs', expect.stringContaining('there is another plugin named "c"')],
      ],
    });
  });

  it('tells of each as an error with a code, its source and its cause', async () => {
    const { failed } = await load({ 'throws.mjs': 'throw new RangeError("no key");' }, ['./throws.mjs']);
    expect(failed[0]).toBeInstanceOf(PluginError);
    expect(failed[0]).toMatchObject({
      code: 'PLUGIN',
      message: 'The plugin ./throws.mjs was skipped: it cannot be loaded: no key',
      source: './throws.mjs',
      cause: { message: 'no key' },
    });
  });
});
