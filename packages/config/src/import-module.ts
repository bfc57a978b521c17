/**
 * Loading modules that the user wrote, TypeScript included.
 *
 * @module
 */
import { pathToFileURL } from 'node:url';

const TYPESCRIPT = /\.[cm]?ts$/;

/**
 * The default export of a module; `undefined` when it has none. A package that a TypeScript module imports is the same as everybody else's.
 * @param path absolute
 */
export async function importDefault(path: string): Promise<unknown> {
  const exported = (
    TYPESCRIPT.test(path) ? await jitiFor(path).then((jiti) => jiti.import(path)) : await native(path)
  ) as { default?: unknown } | undefined;
  const value = exported?.default;
  // What a compiler made of `export default` for CommonJS.
  const isCompiled = typeof value === 'object' && value !== null && '__esModule' in value && 'default' in value;
  return isCompiled ? value.default : value;
}

/**
 * The file behind the name of a package.
 * @param from absolute path of the file that names it
 * @returns undefined when it is not installed there
 */
export async function resolvePackage(name: string, from: string): Promise<string | undefined> {
  const jiti = await jitiFor(from);
  return jiti.esmResolve(name, { try: true });
}

/** Node's own import is for JavaScript alone on Node 20. */
async function jitiFor(path: string) {
  const { createJiti } = await import('jiti');
  // No cache on disk: its place would be a folder that all users share, and what stands in it is run.
  return createJiti(pathToFileURL(path).href, { fsCache: false });
}

function native(path: string): Promise<unknown> {
  return import(/* @vite-ignore */ pathToFileURL(path).href);
}
