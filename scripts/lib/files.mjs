/** Which files belong to the repository. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './repository.mjs';
import { run } from './run.mjs';
import { filesBelow } from './stamp.mjs';

const notOurs = /(^|\/)(node_modules|dist|coverage|\.git|\.turbo|\.leviathan)\//;

/**
 * Every file that is or would be committed, relative to the root, with forward slashes. Without git (a copy of the sources)
 * every file that no tool made.
 *
 * @returns {Promise<string[]>}
 */
export async function repositoryFiles() {
  const listed = await run('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: root });
  const paths = listed.ok
    ? listed.stdout.split('\0').filter((path) => path !== '' && existsSync(join(root, path)))
    : filesBelow(root).map((path) => path.slice(root.length + 1).replaceAll('\\', '/'));
  return paths.filter((path) => !notOurs.test(`/${path}`)).sort();
}
