/** Names of files in the archive. */
import { join } from 'node:path';
import type { Files } from './files';
import { errorCode } from './files';

/** One file of the archive. */
export interface ArchiveFile {
  name: string;
  /** `2025-01-30`, UTC. */
  day: string;
  /** Sealed parts count from 1; `undefined`: the file that still grows. */
  part: number | undefined;
  compressed: boolean;
  bytes: number;
}

const NAME = /^(\d{4}-\d{2}-\d{2})(?:\.(\d+))?\.ndjson(\.gz)?$/;

/** All files of the archive, in the order in which their jobs were archived, day by day. A sealed part that has been compressed counts once. */
export function archiveFiles(files: Files, dir: string): ArchiveFile[] {
  const found = allArchiveFiles(files, dir);
  const compressed = new Set(found.filter((file) => file.compressed).map((file) => file.name));
  return found.filter((file) => !compressed.has(`${file.name}.gz`));
}

/** As {@link archiveFiles}, with the plain parts that a crash left beside their compressed ones. */
export function allArchiveFiles(files: Files, dir: string): ArchiveFile[] {
  const found: ArchiveFile[] = [];
  for (const entry of namesIn(files, dir)) {
    const match = NAME.exec(entry);
    if (!match) continue;
    const [, day, part, gz] = match;
    const compressed = gz !== undefined;
    if (compressed && part === undefined) continue;
    const bytes = sizeOf(files, join(dir, entry));
    if (bytes === undefined) continue;
    found.push({
      name: entry,
      day: day as string,
      part: part === undefined ? undefined : Number(part),
      compressed,
      bytes,
    });
  }
  const place = (file: ArchiveFile): number => file.part ?? Number.POSITIVE_INFINITY;
  return found.sort((a, b) => (a.day < b.day ? -1 : a.day > b.day ? 1 : place(a) < place(b) ? -1 : 1));
}

/** Names of regular files; none when the folder is not there. */
export function namesIn(files: Files, dir: string): string[] {
  try {
    return files.readdirSync(dir).flatMap((entry) => (entry.isFile() ? [entry.name] : []));
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  }
}

function sizeOf(files: Files, path: string): number | undefined {
  try {
    return files.lstatSync(path).size;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}
