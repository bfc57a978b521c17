/**
 * Finished jobs past their retention: one line of JSON per job, one file per UTC day on which they finished. `grep`, `jq` and `zcat`
 * read it, and so does the store.
 *
 * `<day>.ndjson` still grows; `<day>.<n>.ndjson.gz` is a part that was sealed, compressed and never changes again. A job that was
 * archived just before a crash may stand there twice, with the same `rev`.
 *
 * @module
 */
import { dirname, join } from 'node:path';
import type { Clock } from '@leviathan/core';
import { isoOf } from '@leviathan/core/engine';
import { type ArchiveFile, type ArchiveLimits, compressArchive, DEFAULT_ARCHIVE_LIMITS } from './archive-compress';
import { archiveFiles } from './archive-names';
import { type ArchiveLine, readArchiveFile } from './archive-read';
import { ensureDirSync, writeAllSync } from './atomic';
import { errorCode, type Files } from './files';

/** A job that goes into the archive. */
export interface FinishedJob {
  /** Epoch milliseconds. */
  finished: number;
  /** The job as JSON, on one line. */
  text: string;
}

/** See the module. */
export class Archive {
  private readonly unsynced = new Set<string>();
  /** Folders with a name in them that may not be on the device. */
  private readonly unsyncedFolders = new Set<string>();
  private readonly limits: ArchiveLimits;
  private compressing: Promise<void> | undefined;
  private closing = false;

  constructor(
    private readonly dir: string,
    private readonly files: Files,
    private readonly clock: Clock,
    limits: Partial<ArchiveLimits> = {},
  ) {
    this.limits = { ...DEFAULT_ARCHIVE_LIMITS, ...limits };
  }

  /**
   * Appends finished jobs, with one write per day that they finished on. Throws what the failing system call threw; the days that
   * were not written are as they were.
   */
  append(jobs: readonly FinishedJob[]): void {
    const days = new Map<string, string>();
    for (const { finished, text } of jobs) {
      const day = isoOf(finished).slice(0, 10);
      days.set(day, `${days.get(day) ?? ''}${text}\n`);
    }
    for (const [day, lines] of days) this.appendTo(join(this.dir, `${day}.ndjson`), lines);
  }

  /** Resolves when everything appended so far survives a power cut. */
  async sync(): Promise<void> {
    const [paths, folders] = [[...this.unsynced], [...this.unsyncedFolders]];
    this.unsynced.clear();
    this.unsyncedFolders.clear();
    try {
      for (const path of paths) await this.syncFile(path);
      for (const folder of folders) await this.files.syncDir(folder);
    } catch (error) {
      for (const path of paths) this.unsynced.add(path);
      for (const folder of folders) this.unsyncedFolders.add(folder);
      throw error;
    }
  }

  /**
   * Compresses the days before yesterday, since jobs that are kept for a day are archived until the end of the next one, and lets go
   * of what is older or more than the limits. What a crash interrupted is done again. Rejects with the error of a system call;
   * nothing is lost then, and the next call goes on.
   */
  compress(): Promise<void> {
    this.compressing ??= compressArchive(
      { dir: this.dir, files: this.files, limits: this.limits, cancelled: () => this.closing },
      this.clock.now(),
    ).finally(() => {
      this.compressing = undefined;
    });
    return this.compressing;
  }

  /** What is there, oldest first. */
  list(): ArchiveFile[] {
    return archiveFiles(this.files, this.dir);
  }

  /**
   * The jobs that finished on a day (`2025-01-30`, UTC), in the order in which they were archived. Lines and files that cannot be read
   * come as faults, in their places.
   */
  async *read(day: string): AsyncGenerator<ArchiveLine> {
    for (const file of this.list()) if (file.day === day) yield* readArchiveFile(this.files, this.dir, file.name);
  }

  /** Stops a compression that is under way; it is taken up again by the next store. */
  async close(): Promise<void> {
    this.closing = true;
    await this.compressing?.catch(() => {});
  }

  private appendTo(path: string, text: string): void {
    const { files } = this;
    const fd = this.openDay(path);
    try {
      const { size } = files.fstatSync(fd);
      // A line that a crash cut off must not swallow the next one.
      const bytes = Buffer.from(size > 0 && !this.endsWithNewline(path, size) ? `\n${text}` : text);
      try {
        writeAllSync(files, fd, bytes);
      } catch (error) {
        files.ftruncateSync(fd, size);
        throw error;
      }
    } finally {
      files.closeSync(fd);
    }
    this.unsynced.add(path);
    this.unsyncedFolders.add(this.dir);
  }

  private openDay(path: string): number {
    for (const mode of ['append', 'create'] as const) {
      try {
        return this.files.openSync(path, mode);
      } catch (error) {
        if (mode === 'append' && errorCode(error) === 'ENOENT') continue;
        if (errorCode(error) !== 'ENOENT') throw error;
      }
    }
    // Somebody removed the whole folder.
    for (const made of ensureDirSync(this.files, this.dir)) this.unsyncedFolders.add(dirname(made));
    return this.files.openSync(path, 'create');
  }

  private endsWithNewline(path: string, size: number): boolean {
    const fd = this.files.openSync(path, 'read');
    try {
      const last = Buffer.alloc(1);
      return this.files.readSync(fd, last, 0, 1, size - 1) === 1 && last[0] === 0x0a;
    } finally {
      this.files.closeSync(fd);
    }
  }

  private async syncFile(path: string): Promise<void> {
    let fd: number;
    try {
      fd = this.files.openSync(path, 'append');
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return; // Compressed since, and synced by that.
      throw error;
    }
    try {
      await this.files.fsync(fd);
    } finally {
      this.files.closeSync(fd);
    }
  }
}

export type { ArchiveFile, ArchiveLimits, ArchiveLine };
