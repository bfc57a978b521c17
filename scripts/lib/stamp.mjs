/** Stamps: what an install or a build was made from, so that it is repeated only when that changed. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * SHA-256 over the names and contents of `files`; a missing file counts as missing, not as an error.
 *
 * @param {string[]} files Absolute paths.
 * @param {string} [salt] What else the result depends on.
 */
export function hashFiles(files, salt = '') {
  const hash = createHash('sha256').update(salt);
  for (const file of [...files].sort()) {
    hash.update(`\0${file}\0`);
    hash.update(existsSync(file) ? readFileSync(file) : 'missing');
  }
  return hash.digest('hex');
}

/**
 * Names, sizes and times of `files`: enough to see that somebody else changed or removed an output.
 *
 * @param {string[]} files
 */
export function hashStats(files) {
  const hash = createHash('sha256');
  for (const file of [...files].sort()) {
    const stats = statSync(file);
    hash.update(`${file}\0${stats.size}\0${stats.mtimeMs}\0`);
  }
  return hash.digest('hex');
}

/**
 * Every file below `folder`, or none where it does not exist.
 *
 * @param {string} folder
 * @returns {string[]}
 */
export function filesBelow(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? filesBelow(path) : [path];
  });
}

/** @param {string} path @returns {string | undefined} */
export function readStamp(path) {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}

/** @param {string} path @param {string} value */
export function writeStamp(path, value) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, value);
}
