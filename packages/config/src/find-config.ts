/**
 * Where the configuration is.
 *
 * @module
 */
import { stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { ConfigError } from './errors';

/** Names of a configuration file; where a folder has several, the first of them counts. */
export const CONFIG_FILES = ['ts', 'mts', 'js', 'mjs', 'json'].map((extension) => `leviathan.config.${extension}`);

/**
 * The configuration of a folder: the nearest one, in it or above.
 *
 * A file of another user is refused, since loading it runs what stands in it: in a shared folder like `/tmp` anybody could leave one.
 * @returns its absolute path; undefined when there is none
 * @throws ConfigError
 */
export async function findConfig(from: string): Promise<string | undefined> {
  let folder = resolve(from);
  for (;;) {
    for (const name of CONFIG_FILES) {
      const file = join(folder, name);
      const found = await stat(file).catch(() => undefined);
      if (!found?.isFile()) continue;
      if (!isTrusted(found.uid)) {
        throw new ConfigError(file, 'belongs to another user. Name it with --config if you trust what stands in it.');
      }
      return file;
    }
    const above = dirname(folder);
    if (above === folder) return undefined;
    folder = above;
  }
}

/** Whether this user, root, or whoever became root by sudo owns the file. Windows tells no owners. */
function isTrusted(owner: number): boolean {
  const user = process.getuid?.();
  if (user === undefined) return true;
  return owner === user || owner === 0 || (user === 0 && String(owner) === process.env.SUDO_UID);
}
