/** Where the benchmarks' own files are. This module is one folder below the package, in `src` as in `dist`. */
import { fileURLToPath } from 'node:url';

const packageFolder = new URL('..', import.meta.url);

/** The folder that a name below `benchmarks/` stands for. */
export function inPackage(name: string): string {
  return fileURLToPath(new URL(name, packageFolder));
}

/** The peers' folder: a package of its own, outside the workspace. */
export const peersFolder = inPackage('peers');

/** What a measured process runs. */
export const taskScript = inPackage('dist/task.js');
