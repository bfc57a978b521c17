import { lstatSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Everything below a folder, itself as `.`: each with its mode, when it was changed, and its content. */
export function treeOf(root: string, at = '.'): Map<string, string> {
  const found = new Map<string, string>();
  const path = join(root, at);
  const stats = lstatSync(path);
  const content = stats.isFile() ? readFileSync(path).toString('base64') : stats.isDirectory() ? 'folder' : 'other';
  found.set(at, `${(stats.mode & 0o777).toString(8)} ${stats.mtimeMs} ${content}`);
  if (!stats.isDirectory()) return found;
  for (const name of readdirSync(path)) for (const [key, value] of treeOf(root, join(at, name))) found.set(key, value);
  return found;
}

/** Flips a bit of the byte in the middle of a text that stands in the file. */
export function flipIn(path: string, text: string): void {
  const bytes = readFileSync(path);
  const at = bytes.indexOf(text) + (text.length >> 1);
  bytes[at] = (bytes[at] as number) ^ 1;
  writeFileSync(path, bytes);
}
