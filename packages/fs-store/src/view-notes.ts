/** What the view has written, file by file: a file that still looks so is its own, and needs no more than one stat to know. */
import { JOB_STATUSES, type JobStatus } from '@leviathan/core';
import type { Stamp } from './stillness';

/** One file as it was left. */
export interface Note extends Stamp {
  folder: JobStatus;
  /** Number of the newest record that the content shows; {@link STALE} when it is to be written again in any case. */
  version: number;
  /** Number of the scan that saw it last. */
  seen: number;
}

/** See {@link Note.version}. */
export const STALE = -1;

/** All files of the view, at most one per job. */
export class Notes {
  private readonly notes = new Map<string, Note>();
  /** How many files each folder has. */
  readonly files: Record<JobStatus, number> = { pending: 0, active: 0, completed: 0, failed: 0 };

  get size(): number {
    return this.notes.size;
  }

  get(id: string): Note | undefined {
    return this.notes.get(id);
  }

  set(id: string, { ino, mtimeMs, size }: Stamp, folder: JobStatus, version: number): void {
    const old = this.notes.get(id);
    if (old) this.files[old.folder]--;
    this.files[folder]++;
    // A new object of few fields: what a Stats object holds besides would be kept in memory.
    this.notes.set(id, { folder, version, ino, mtimeMs, size, seen: 0 });
  }

  delete(id: string): void {
    const old = this.notes.get(id);
    if (!old) return;
    this.files[old.folder]--;
    this.notes.delete(id);
  }

  /** Safe while notes come and go. */
  entries(): IterableIterator<[string, Note]> {
    return this.notes.entries();
  }
}

/** Whether the file is the one that was written, unchanged. */
export function isSame(note: Stamp, stamp: Stamp): boolean {
  return note.ino === stamp.ino && note.mtimeMs === stamp.mtimeMs && note.size === stamp.size;
}

/** The states in the order in which a job passes them; of two files with the same content the later one counts. */
export const LATEST_FIRST: readonly JobStatus[] = [...JOB_STATUSES].reverse();
