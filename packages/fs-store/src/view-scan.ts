/** Compares the folders with what the view wrote. Watch events may be lost; this is the truth. */
import type { JobStatus } from '@leviathan/core';
import type { ErrorDesk } from './error-desk';
import type { Files } from './files';
import { kindOfName, type Layout } from './layout';
import { nextTurn, startSlice } from './slice';
import { lookAt } from './view-look';
import { isSame, type Notes } from './view-notes';

/** Whom a scan tells. */
export interface ScanListener {
  /** The id's files are not as the view left them. */
  differs(id: string): void;
  odd(folder: string, name: string): void;
  /** True: the scan is to end. */
  isStopped(): boolean;
}

/** Finished jobs first: they are what others may depend on. */
const ORDER: readonly JobStatus[] = ['completed', 'failed', 'active', 'pending'];

/** Scans folders in slices. */
export class ViewScanner {
  private number = 0;

  constructor(
    private readonly layout: Layout,
    private readonly files: Files,
    private readonly notes: Notes,
    private readonly unusable: ReadonlySet<JobStatus>,
    private readonly errors: ErrorDesk,
    private readonly listener: ScanListener,
  ) {}

  /** Whether every folder could be read. */
  async scan(): Promise<boolean> {
    const number = ++this.number;
    const read = new Set<JobStatus>();
    for (const folder of ORDER) {
      if (!this.unusable.has(folder) && (await this.scanFolder(folder, number))) read.add(folder);
    }
    await this.findMissing(number, read);
    return read.size + this.unusable.size >= ORDER.length;
  }

  private async scanFolder(folder: JobStatus, number: number): Promise<boolean> {
    const path = this.layout.folder(folder);
    let names: string[];
    try {
      names = await this.files.readdir(path);
    } catch (error) {
      this.errors.report('scan', `The folder ${path} cannot be read`, error);
      return false;
    }
    let slice = startSlice();
    for (const name of names) {
      if (this.listener.isStopped()) return false;
      const kind = kindOfName(name);
      if (kind.kind === 'job') this.check(kind.id, folder, number);
      else this.listener.odd(path, name);
      if (!slice.isOver()) continue;
      await nextTurn();
      slice = startSlice();
    }
    return true;
  }

  /** Tells the listener if what stands there is not what the view wrote; also used for single hints. */
  check(id: string, folder: JobStatus, number?: number): void {
    if (this.unusable.has(folder)) return;
    const note = this.notes.get(id);
    try {
      const stands = lookAt(this.files, this.layout.jobFile(folder, id));
      const expected = note?.folder === folder ? note : undefined;
      if (expected && number !== undefined) expected.seen = number;
      const isExpected = expected ? stands?.isFile && isSame(expected, stands) : stands === undefined;
      if (!isExpected) this.listener.differs(id);
    } catch (error) {
      this.errors.report('look', `The file of job ${id} in ${folder}/ cannot be looked at`, error);
      // Passed over it would be nobody's: the file of a job that is removed meanwhile would stay, and bring the job back at the next scan.
      this.listener.differs(id);
    }
  }

  private async findMissing(number: number, read: ReadonlySet<JobStatus>): Promise<void> {
    let slice = startSlice();
    for (const [id, note] of this.notes.entries()) {
      if (this.listener.isStopped()) return;
      // Written since the scan began, or in a folder that could not be read: looked at one by one.
      if (note.seen !== number && read.has(note.folder)) this.check(id, note.folder);
      if (!slice.isOver()) continue;
      await nextTurn();
      slice = startSlice();
    }
  }
}
