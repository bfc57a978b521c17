/**
 * The last step of a download: the complete and verified part gets its final name.
 *
 * @module
 */
import { link, lstat, open, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { codeOf, PermanentDownloadError } from '../errors';
import { numberedName } from './name';
import { controlPath, type PartFile, partPath, unlinkIfThere } from './part';

/** What happens when there is a file of this name already. */
export const OVERWRITE_RULES = ['rename', 'replace', 'skip', 'error'] as const;

/** One of {@link OVERWRITE_RULES}. */
export type OverwriteRule = (typeof OVERWRITE_RULES)[number];

/** Numbers tried for `name (n).ext`. */
export const MAX_NUMBER = 9999;

/** File systems without hard links answer a `link` with one of these. */
const NO_LINKS = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EXDEV', 'EINVAL']);

/**
 * Gives a part its final name, with its data and the folder entry on disk before it resolves. The part must be synced already.
 *
 * @param name the wanted file name; with `rename` a number is added while another file has it
 * @param announce called with each path right before it is tried, so that a later attempt knows where to look after a crash
 * @returns the path that the file got, or `undefined` when another file has the name and the rule is `skip`
 */
export async function publish(
  part: PartFile,
  name: string,
  rule: OverwriteRule,
  announce: (path: string) => Promise<void>,
): Promise<string | undefined> {
  const folder = dirname(part.target);
  let path = join(folder, name);
  await announce(path);
  if (rule === 'replace') {
    await rename(partPath(part.target), path);
  } else {
    for (let number = 1; !(await giveName(part, path)); number += 1) {
      if (rule === 'skip') return undefined;
      if (rule === 'error' || number > MAX_NUMBER) throw exists(path);
      path = join(folder, numberedName(name, number));
      if (!(await isTaken(path))) await announce(path);
    }
  }
  await unlinkIfThere(controlPath(part.target));
  await part.close();
  await syncFolder(folder);
  return path;
}

/** Removes what a crash right after the final name was given left beside the file: the old name on the same file, and the record. */
export async function sweep(target: string, path: string): Promise<void> {
  const [file, part] = await Promise.all([
    lstat(path, { bigint: true }),
    lstat(partPath(target), { bigint: true }).catch(() => undefined),
  ]);
  if (part !== undefined && (part.ino !== file.ino || part.dev !== file.dev)) return;
  await unlinkIfThere(partPath(target));
  await unlinkIfThere(controlPath(target));
}

/** The error for a target that exists and may not be touched. */
export function exists(path: string): PermanentDownloadError {
  return new PermanentDownloadError(
    'EXISTS',
    `${path} exists already. Choose another name or another "overwrite" rule.`,
  );
}

/** Whether something has this name, a broken link included. */
export async function isTaken(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    (error: unknown) => {
      if (codeOf(error) === 'ENOENT') return false;
      throw error;
    },
  );
}

/** False when another file has the name. `link` fails on an existing name where `rename` would replace the other file in silence. */
async function giveName(part: PartFile, path: string): Promise<boolean> {
  const from = partPath(part.target);
  try {
    await link(from, path);
  } catch (error) {
    if (codeOf(error) === 'EEXIST') {
      // A crash between the two calls below leaves both names on one file.
      if (!(await isSameFile(part, path))) return false;
    } else if (NO_LINKS.has(codeOf(error))) {
      return reserveAndRename(from, path);
    } else {
      throw error;
    }
  }
  await unlinkIfThere(from);
  return true;
}

/** Without hard links an empty file holds the name against others until the rename; a crash in between leaves that empty file. */
async function reserveAndRename(from: string, path: string): Promise<boolean> {
  try {
    await (await open(path, 'wx')).close();
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
  await rename(from, path);
  return true;
}

async function isSameFile(part: PartFile, path: string): Promise<boolean> {
  const [mine, other] = await Promise.all([part.handle.stat({ bigint: true }), lstat(path, { bigint: true })]);
  return mine.ino === other.ino && mine.dev === other.dev;
}

/** A rename is only safe from a power cut when the folder has been synced too (fsync(2)). */
async function syncFolder(folder: string): Promise<void> {
  // Windows cannot open a folder for this, and writes its metadata through.
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
