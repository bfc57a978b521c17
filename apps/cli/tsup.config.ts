import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { defineConfig } from 'tsup';
import { devDependencies } from './package.json';

// What the command needs to parse and print is bundled, so that it starts after reading two files. The packages of this repository stay
// outside: a processor that a user loads must get the same @leviathan/core.
const BUNDLED = Object.keys(devDependencies).filter((name) => !name.startsWith('@') && name !== 'vitest');

export default defineConfig({
  entry: ['src/bin.ts'],
  format: 'esm',
  target: 'node20',
  platform: 'node',
  dts: false,
  sourcemap: true,
  clean: true,
  splitting: true,
  noExternal: BUNDLED,
  metafile: true,
  // Commander is CommonJS and requires Node's own modules.
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
  },
  esbuildOptions(options) {
    options.legalComments = 'none';
  },
  onSuccess: writeLicenses,
});

/** Their licences ask for their text to go along with every copy. */
async function writeLicenses(): Promise<void> {
  const metafile = join('dist', 'metafile-esm.json');
  const { inputs } = JSON.parse(await readFile(metafile, 'utf8')) as { inputs: Record<string, unknown> };
  await rm(metafile);
  const folders = new Set(
    Object.keys(inputs).flatMap((path) => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(path) ?? []),
  );
  const texts: string[] = [];
  for (const folder of [...folders].sort()) {
    const { name, version } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as {
      name: string;
      version: string;
    };
    const file = (await readdir(folder)).find((entry) => /^licen[cs]e/i.test(entry));
    if (file === undefined) throw new Error(`${name} is bundled and brings no licence file.`);
    texts.push(`${name} ${version}\n\n${(await readFile(join(folder, file), 'utf8')).trim()}\n`);
  }
  await writeFile(join('dist', 'THIRD-PARTY-LICENSES.txt'), texts.join(`\n${'-'.repeat(80)}\n\n`));
}
