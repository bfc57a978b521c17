/**
 * Brings the file of one job to where it should be. Each file is whole at any moment: it is written beside its place
 * and renamed. When a job changes folders its new file comes first, so that a crash leaves two, of which the one with the higher `rev`
 * counts, and never none.
 *
 * @module
 */
import type { JobStatus } from '@leviathan/core';
import { discard, openTemporary, writeAllSync } from './atomic';
import { errorCode, type Files } from './files';
import { fileTextOf } from './job-file';
import type { Layout } from './layout';
import type { Stamp } from './stillness';
import { lookAt, lookFor } from './view-look';
import { isSame, type Note, type Notes } from './view-notes';
import type { Update } from './view-update';

/** See the module. */
export class ViewWriter {
  /** False until each file that stood there at the start has been looked at: any folder may still hold a job's old file. */
  settled = false;

  constructor(
    private readonly layout: Layout,
    private readonly files: Files,
    private readonly notes: Notes,
    private readonly unusable: ReadonlySet<JobStatus>,
  ) {}

  /** Throws what a failing system call threw. What was noted is true in any case. */
  write({ id, status, version, text }: Update): 'done' | 'foreign' {
    const note = this.notes.get(id);
    if (this.unusable.size > 0) this.assertUsable([note?.folder, status]);
    if (status === undefined) return note ? this.remove(id, note) : 'done';
    if (note?.folder === status && note.version === version) return 'done';
    if (this.isForeign(id, status, note)) return 'foreign';
    this.put(id, status, version, text);
    if (note && note.folder !== status) this.unlink(note.folder, id);
    return 'done';
  }

  /** A link in the place of a folder would lead out of the root. */
  private assertUsable(folders: (JobStatus | undefined)[]): void {
    for (const folder of this.unusable) {
      if (!folders.includes(folder)) continue;
      throw Object.assign(new Error(`ENOTDIR: ${folder}/ is not a folder`), { code: 'ENOTDIR' });
    }
  }

  private put(id: string, status: JobStatus, version: number, text: string): void {
    const { files } = this;
    const path = this.layout.jobFile(status, id);
    const bytes = Buffer.from(fileTextOf(text));
    const temporary = openTemporary(files, path);
    let stamp: Stamp;
    try {
      try {
        writeAllSync(files, temporary.fd, bytes);
        stamp = files.fstatSync(temporary.fd);
      } finally {
        files.closeSync(temporary.fd);
      }
      files.renameSync(temporary.path, path);
    } catch (error) {
      discard(files, temporary.path);
      throw error;
    }
    this.notes.set(id, stamp, status, version);
  }

  private remove(id: string, note: Note): 'done' | 'foreign' {
    const stands = lookAt(this.files, this.layout.jobFile(note.folder, id));
    if (stands && !isSame(note, stands)) return 'foreign';
    if (stands) this.unlink(note.folder, id);
    this.notes.delete(id);
    return 'done';
  }

  private isForeign(id: string, status: JobStatus, note: Note | undefined): boolean {
    if (!note) {
      return this.settled
        ? lookAt(this.files, this.layout.jobFile(status, id)) !== undefined
        : lookFor(this.files, this.layout, id, this.unusable).length > 0;
    }
    const stands = lookAt(this.files, this.layout.jobFile(note.folder, id));
    if (!stands || !isSame(note, stands)) return true;
    return note.folder !== status && lookAt(this.files, this.layout.jobFile(status, id)) !== undefined;
  }

  private unlink(folder: JobStatus, id: string): void {
    try {
      this.files.unlinkSync(this.layout.jobFile(folder, id));
    } catch (error) {
      if (errorCode(error) !== 'ENOENT') throw error;
    }
  }
}
