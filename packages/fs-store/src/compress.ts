/**
 * The old part of a journal: segments are compressed where no replay needs them, and removed when they are too old or too many.
 *
 * @module
 */
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { discard, renameBusy, unlinkBusy, writeAll } from './atomic';
import type { Files } from './files';
import { isWhole, listSegments, readChunks, type SegmentFile } from './segment';

/** Which segments to compress. */
export interface CompressOptions {
  /** Only segments all of whose records have smaller numbers. */
  before: number;
  /** 1 (fast) to 9 (small); 2 by default, which takes a third of the time of 6 and leaves a journal 7 % larger. */
  level?: number;
  /** Awaited every now and then: packing takes a whole processor. A rejection ends it. */
  pause?: () => Promise<void>;
}

/**
 * Compresses segments in the background, one after the other, and gives the names of the plain files that are gone. The last segment
 * is never touched. After a crash at any point the plain file or a whole compressed one is there, or both.
 */
export async function compressSegments(
  files: Files,
  dir: string,
  { before, level = 2, pause = async () => {} }: CompressOptions,
  onRemove: (name: string) => void = () => {},
): Promise<string[]> {
  const gone: string[] = [];
  const segments = listSegments(files, dir);
  for (const [i, segment] of segments.entries()) {
    const successor = segments[i + 1];
    if (!successor || successor.first > before) break;
    if (!segment.plain) continue;
    const plain = join(dir, segment.name);
    // Left by a crash between the rename and the removal, or while the plain file was damaged since.
    const finished = segment.gz && !(await isWhole(files, plain)) && (await isWhole(files, `${plain}.gz`));
    if (!finished) await compress(files, plain, level, pause);
    // Also when another process gave the new name: it may have died before it was on the device.
    await files.syncDir(dir);
    onRemove(segment.name);
    await unlinkBusy(files, plain);
    gone.push(segment.name);
  }
  return gone;
}

async function compress(files: Files, plain: string, level: number, pause: () => Promise<void>): Promise<void> {
  const temporary = `${plain}.gz.tmp`;
  discard(files, temporary);
  const { mtimeMs } = files.statSync(plain);
  const fd = files.openSync(temporary, 'create');
  try {
    try {
      await pack(files, plain, fd, level, pause);
      await files.fsync(fd);
    } finally {
      files.closeSync(fd);
    }
    // The age of a segment is the age of its last record.
    files.utimesSync(temporary, mtimeMs);
    await renameBusy(files, temporary, `${plain}.gz`);
  } catch (error) {
    discard(files, temporary);
    throw error;
  }
}

async function pack(files: Files, plain: string, fd: number, level: number, pause: () => Promise<void>): Promise<void> {
  const gzip = createGzip({ level });
  const fed = pipeline(Readable.from(readChunks(files, plain)), gzip);
  // The same error ends the loop below, which is where it is thrown.
  fed.catch(() => {});
  try {
    for await (const bytes of gzip) {
      await pause();
      await writeAll(files, fd, bytes as Buffer);
    }
  } finally {
    gzip.destroy();
    await fed.catch(() => {});
  }
}

/** How much of the compressed part to keep. */
export interface RetentionOptions {
  /** Only segments all of whose records have smaller numbers may go. */
  before: number;
  /** Epoch milliseconds. */
  now: number;
  /** In milliseconds since the last record of a segment; left out: no limit. */
  maxAge?: number;
  /** Of all compressed segments together; left out: no limit. */
  maxBytes?: number;
}

/**
 * Removes compressed segments, the oldest first, until both limits hold; gives their names. `onRemove` is awaited before the first one
 * goes, with the number of the first record that stays.
 */
export async function pruneSegments(
  files: Files,
  dir: string,
  options: RetentionOptions,
  onRemove: (first: number) => Promise<void> = async () => {},
): Promise<string[]> {
  const { before, now, maxAge = Number.POSITIVE_INFINITY, maxBytes = Number.POSITIVE_INFINITY } = options;
  const segments = listSegments(files, dir);
  const stats = new Map<SegmentFile, { size: number; mtimeMs: number }>();
  for (const segment of segments) {
    if (segment.gz) stats.set(segment, files.lstatSync(join(dir, `${segment.name}.gz`)));
  }
  let bytes = [...stats.values()].reduce((sum, { size }) => sum + size, 0);
  const removed: string[] = [];
  let kept = 0;
  for (const [i, segment] of segments.entries()) {
    const stat = stats.get(segment);
    const successor = segments[i + 1];
    // Only ever the beginning goes: a journal with a gap in the middle reads as a damaged one.
    if (!stat || segment.plain || !successor || successor.first > before) break;
    if (now - stat.mtimeMs <= maxAge && bytes <= maxBytes) break;
    bytes -= stat.size;
    removed.push(`${segment.name}.gz`);
    kept = successor.first;
  }
  if (removed.length > 0) await onRemove(kept);
  for (const name of removed) await unlinkBusy(files, join(dir, name));
  return removed;
}
