/**
 * The folders below a store's root, and what a name inside one of the job folders may mean.
 *
 * @module
 */
import { join } from 'node:path';
import {
  DEFINITION_FOLDERS,
  DEFINITION_KINDS,
  type DefinitionKind,
  isSafeId,
  JOB_STATUSES,
  type JobStatus,
} from '@leviathan/core';
import { ensureDirSync, isTemporary } from './atomic';
import type { Files } from './files';

/** Where everything of one store stands. All folders have mode 0700, all files 0600. */
export class Layout {
  readonly inbox: string;
  readonly journal: string;
  readonly archive: string;
  readonly quarantine: string;
  private readonly statusFolders: Record<JobStatus, string>;

  constructor(readonly root: string) {
    this.inbox = join(root, 'inbox');
    this.journal = join(root, 'journal');
    this.archive = join(root, 'archive');
    this.quarantine = join(root, 'quarantine');
    this.statusFolders = {
      pending: join(root, 'pending'),
      active: join(root, 'active'),
      completed: join(root, 'completed'),
      failed: join(root, 'failed'),
    };
  }

  /** The folder of all jobs in this state. */
  folder(status: JobStatus): string {
    return this.statusFolders[status];
  }

  /** Where the file of a job in this state stands. The id is safe as a file name: see `isSafeId`. */
  jobFile(status: JobStatus, id: string): string {
    return join(this.statusFolders[status], `${id}.json`);
  }

  /** The folder of all definitions of a kind. */
  definitions(kind: DefinitionKind): string {
    return join(this.root, DEFINITION_FOLDERS[kind]);
  }

  /** Where a definition stands. Its name is safe: see `isSafeId`. */
  definitionFile(kind: DefinitionKind, name: string): string {
    return join(this.definitions(kind), `${name}.json`);
  }

  /**
   * Makes the folders that are missing, and gives them.
   * @throws ENOTDIR where a file or a link stands in the place of one; any other error of a system call
   */
  ensure(files: Files): string[] {
    const folders = [...JOB_STATUSES.map((status) => this.statusFolders[status])];
    folders.push(this.inbox, this.journal, this.archive, this.quarantine);
    folders.push(...DEFINITION_KINDS.map((kind) => this.definitions(kind)));
    return folders.flatMap((folder) => ensureDirSync(files, folder));
  }
}

/** What a name in one of the job folders stands for. */
export type NameKind =
  | { kind: 'job'; id: string }
  /** A file that a writer of this package had not renamed yet when it died, or is about to rename. */
  | { kind: 'temporary'; pid: number }
  /** Hidden, or a working file of an editor or another program: it goes away by itself. */
  | { kind: 'ignored' }
  | { kind: 'odd'; message: string };

const EXTENSION = '.json';
const TEMPORARY_PID = /\.(\d+)-\d+\.tmp$/;
/** vim, emacs, LibreOffice and browsers end (or, emacs' `#name#`, begin) the names of their working files so. */
const WORKING_FILE = /~$|\.sw[a-z]$|\.tmp$|\.temp$|\.part$|\.crdownload$|^#.*#$/i;

/** Tells jobs from everything else by name. */
export function kindOfName(name: string): NameKind {
  if (name.endsWith(EXTENSION)) {
    const id = name.slice(0, -EXTENSION.length);
    if (isSafeId(id)) return { kind: 'job', id };
  }
  if (isTemporary(name)) return { kind: 'temporary', pid: Number(TEMPORARY_PID.exec(name)?.[1]) };
  if (name.startsWith('.') || WORKING_FILE.test(name)) return { kind: 'ignored' };
  if (!name.endsWith(EXTENSION)) return { kind: 'odd', message: 'job files are named <id>.json' };
  return {
    kind: 'odd',
    message: `${JSON.stringify(name.slice(0, -EXTENSION.length))} is no job id: 1 to 128 of the characters a-z 0-9 . _ -, the first a letter or digit. Copies that sync tools make of one job have such names.`,
  };
}
