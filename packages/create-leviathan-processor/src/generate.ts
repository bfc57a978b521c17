/**
 * Writes the package: the files of `template/`, with its placeholders filled in.
 *
 * @module
 */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Options, UsageError } from './options';

/** From `src/` and from `dist/` alike. */
const TEMPLATE = fileURLToPath(new URL('../template', import.meta.url));

/** Files that go by another name here: npm leaves the one out of a package, and a test is none of this package. */
const NAMES: Readonly<Record<string, string>> = {
  _gitignore: '.gitignore',
  '_processor_test.ts': 'processor.test.ts',
};

/**
 * Writes the package into a folder.
 * @returns the paths of its files inside the folder
 * @throws UsageError when the folder is not empty, and `force` was not given
 */
export async function generate(folder: string, options: Options): Promise<string[]> {
  if (!options.force) await assertEmpty(folder);
  const entries = await readdir(TEMPLATE, { recursive: true, withFileTypes: true });
  const written: string[] = [];
  for (const entry of entries.filter((each) => each.isFile())) {
    const source = join(entry.parentPath, entry.name);
    const path = join(entry.parentPath.slice(TEMPLATE.length), NAMES[entry.name] ?? entry.name).replace(/^[\\/]/, '');
    const target = join(folder, path);
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, fill(path, await readFile(source, 'utf8'), options));
    written.push(path);
  }
  return written.sort();
}

/** A fresh repository counts as empty. */
async function assertEmpty(folder: string): Promise<void> {
  const entries = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    if (error.code === 'ENOTDIR') throw new UsageError(`${folder} is a file.`);
    throw error;
  });
  if (entries.some((name) => name !== '.git')) {
    throw new UsageError(`${folder} is not empty. --force writes into it all the same.`);
  }
}

/** Each value as the language of its file writes it inside quotes. */
function fill(path: string, text: string, { name, type, description }: Options): string {
  const values = { NAME: name, TYPE: type, DESCRIPTION: description, YEAR: String(new Date().getFullYear()) };
  return text.replace(/__([A-Z]+)__/g, (placeholder, key: string) => {
    const value = values[key as keyof typeof values];
    if (value === undefined) return placeholder;
    if (path.endsWith('.json')) return JSON.stringify(value).slice(1, -1);
    return path.endsWith('.ts') ? value.replace(/[\\']/g, '\\$&') : value;
  });
}
