/**
 * Compression of archived days, in the background. Each step leaves a state from which the next call goes on: the day's file gets the
 * name of a sealed part, the part is compressed beside itself, synced, renamed, and only then removed.
 *
 * @module
 */
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { type ArchiveFile, allArchiveFiles, archiveFiles, namesIn } from './archive-names';
import { chunksOf } from './archive-read';
import { discard, unlinkBusy, writeAll } from './atomic';
import type { Files } from './files';

/** How much of the archive is kept. */
export interface ArchiveLimits {
  /** Days after the day on which the jobs finished; 365 by default. */
  days: number;
  /** Bytes on disk, the oldest go first; 1 GiB by default. The newest file always stays. */
  bytes: number;
}

/** See {@link ArchiveLimits}. */
export const DEFAULT_ARCHIVE_LIMITS: ArchiveLimits = { days: 365, bytes: 1024 ** 3 };

const DAY = 24 * 60 * 60 * 1000;
const TEMPORARY = /\.ndjson\.gz\.tmp$/;

interface Scope {
  dir: string;
  files: Files;
  limits: ArchiveLimits;
  cancelled: () => boolean;
}

/** One round: finish what was begun, seal, compress, let go. */
export async function compressArchive(scope: Scope, now: number): Promise<void> {
  const { dir, files } = scope;
  for (const name of namesIn(files, dir)) if (TEMPORARY.test(name)) await unlinkBusy(files, join(dir, name));
  await removeCompressedParts(scope);
  const yesterday = dayOf(now - DAY);
  for (const file of allArchiveFiles(files, dir)) {
    if (file.part === undefined && file.day < yesterday) seal(scope, file);
  }
  for (const file of archiveFiles(files, dir)) {
    if (scope.cancelled()) return;
    if (file.part !== undefined && !file.compressed) await compressPart(scope, file);
  }
  await letGo(scope, dayOf(now - scope.limits.days * DAY));
}

/** The compressed part has its name only once it is whole, so the plain one is not needed any more. */
async function removeCompressedParts({ dir, files }: Scope): Promise<void> {
  const needed = new Set(archiveFiles(files, dir).map((file) => file.name));
  const left = allArchiveFiles(files, dir).filter(({ name }) => !needed.has(name));
  // A process that died in between may not have brought the new name to the device.
  if (left.length > 0) await files.syncDir(dir);
  for (const { name } of left) await unlinkBusy(files, join(dir, name));
}

/** From here on jobs of that day go to a new file. */
function seal({ dir, files }: Scope, { name, day }: ArchiveFile): void {
  const parts = allArchiveFiles(files, dir).flatMap((file) => (file.day === day ? [file.part ?? 0] : []));
  files.renameSync(join(dir, name), join(dir, `${day}.${Math.max(0, ...parts) + 1}.ndjson`));
}

async function compressPart({ dir, files, cancelled }: Scope, { name }: ArchiveFile): Promise<void> {
  const plain = join(dir, name);
  const target = `${plain}.gz`;
  const temporary = `${target}.tmp`;
  const fd = files.openSync(temporary, 'create');
  try {
    try {
      await pipeline(Readable.from(chunksOf(files, plain)), createGzip({ level: 6 }), async (zipped) => {
        for await (const chunk of zipped) {
          if (cancelled()) throw new Cancelled();
          await writeAll(files, fd, chunk as Buffer);
        }
      });
      await files.fsync(fd);
    } finally {
      files.closeSync(fd);
    }
    files.renameSync(temporary, target);
  } catch (error) {
    discard(files, temporary);
    if (error instanceof Cancelled) return;
    throw error;
  }
  // The new name must be on the device before the old file goes.
  await files.syncDir(dir);
  await unlinkBusy(files, plain);
}

async function letGo({ dir, files, limits }: Scope, oldest: string): Promise<void> {
  const all = archiveFiles(files, dir);
  let bytes = all.reduce((sum, file) => sum + file.bytes, 0);
  for (const file of all.slice(0, -1)) {
    if (file.day >= oldest && bytes <= limits.bytes) break;
    await unlinkBusy(files, join(dir, file.name));
    bytes -= file.bytes;
  }
}

class Cancelled extends Error {}

function dayOf(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}

export type { ArchiveFile };
