import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { commandScript, root } from '../lib/repository.mjs';
import { runNode } from '../lib/run.mjs';

/** @type {string} A small repository in the shape of this one. */
let repository;

beforeEach(async () => {
  repository = await mkdtemp(join(tmpdir(), 'leviathan-imports-'));
  await write('package.json', '{ "name": "fixture", "type": "module" }');
  await cp(join(root, 'tsconfig.base.json'), join(repository, 'tsconfig.base.json'));
  for (const folder of ['packages/core', 'packages/fs-store', 'packages/processors-download', 'apps/cli']) {
    const name = basename(folder);
    const entry = { '@leviathan/source': './src/index.ts' };
    const testing = { '@leviathan/source': './src/testing/index.ts' };
    await write(
      `${folder}/package.json`,
      JSON.stringify({ name: `@leviathan/${name}`, exports: { '.': entry, './testing': testing } }),
    );
    await write(`${folder}/src/index.ts`, 'export const here = 1;\n');
    await mkdir(join(repository, 'node_modules', '@leviathan'), { recursive: true });
    await symlink(join(repository, folder), join(repository, 'node_modules', '@leviathan', name), 'junction');
  }
  await write('packages/core/src/testing/index.ts', "import 'node:fs';\nexport const suite = 1;\n");
  return () => rm(repository, { recursive: true, force: true });
});

/** @param {string} path @param {string} text */
async function write(path, text) {
  await mkdir(dirname(join(repository, path)), { recursive: true });
  await writeFile(join(repository, path), text);
}

/** @param {string} reporter @param {string[]} folders */
function cruise(reporter, ...folders) {
  const args = ['--config', join(root, '.dependency-cruiser.mjs'), '--output-type', reporter, ...folders];
  return runNode(commandScript('dependency-cruiser', 'depcruise'), args, { cwd: repository });
}

/**
 * Which file breaks which rule.
 *
 * @returns {Promise<string[]>} `path: rule`
 */
async function violations() {
  const { stdout, output } = await cruise('json', 'packages', 'apps');
  expect(stdout, output).toMatch(/^\{/);
  /** @type {{ from: string, rule: { name: string } }[]} */
  const found = JSON.parse(stdout).summary.violations;
  return found.map(({ from, rule }) => `${from}: ${rule.name}`);
}

it('imports may point down, by the name of the package', async () => {
  await write('packages/fs-store/src/index.ts', "import 'node:fs';\nexport { here } from '@leviathan/core';\n");
  await write('packages/fs-store/src/index.test.ts', "import '@leviathan/core/testing';\nimport './index';\n");
  await write('apps/cli/src/index.ts', "import '@leviathan/fs-store';\nimport '@leviathan/core';\n");
  expect(await violations()).toEqual([]);
});

/** What is refused: path, text, rule. @type {Record<string, [path: string, text: string, rule: string]>} */
const refused = {
  'core that knows the file system': ['packages/core/src/fs.ts', "import 'node:fs/promises';", 'core-runs-anywhere'],
  'core that knows a type of the network': [
    'packages/core/src/net.ts',
    "import type { Socket } from 'net';\nexport type S = Socket;",
    'core-runs-anywhere',
  ],
  'core that knows a store': ['packages/core/src/up.ts', "import '@leviathan/fs-store';", 'core-is-the-bottom'],
  'a processor that knows a store': [
    'packages/processors-download/src/a.ts',
    "import '@leviathan/fs-store';",
    'packages-know-core-alone',
  ],
  'a package that knows an app': ['packages/fs-store/src/up.ts', "import '@leviathan/cli';", 'nothing-imports-upward'],
  "another package's file, by its path": [
    'packages/fs-store/src/path.ts',
    "import '../../core/src/index';",
    'packages-by-name',
  ],
  "another package's file, by its name": [
    'packages/fs-store/src/name.ts',
    "import '@leviathan/core/src/index';",
    'can-be-found',
  ],
  'a package that nobody installed': ['packages/core/src/none.ts', "import 'left-pad';", 'can-be-found'],
  'published code that needs the test helpers': [
    'packages/fs-store/src/test-helper.ts',
    "import '@leviathan/core/testing';",
    'tests-stay-outside',
  ],
  // Closed by `b.ts`, which imports no more than a type.
  'a file that its own import imports': ['packages/core/src/a.ts', "import './b';", 'no-cycle'],
  'an app on an app': ['apps/desktop/src/a.ts', "import '../../cli/src/index';", 'apps-stand-alone'],
};

it('every other import is refused', async () => {
  for (const [path, text] of Object.values(refused)) await write(path, `${text}\nexport {};\n`);
  await write('packages/core/src/b.ts', "import type {} from './a';\nexport {};\n");
  const found = await violations();
  const missed = Object.entries(refused).filter(([, [path, , rule]]) => !found.includes(`${path}: ${rule}`));
  expect(missed.map(([what]) => what)).toEqual([]);
});

it('a broken rule fails the gate', async () => {
  await write('packages/core/src/a.ts', "import 'node:fs';\n");
  const { ok, output } = await cruise('err-long', 'packages');
  expect(ok).toBe(false);
  expect(output).toContain('core-runs-anywhere');
});
