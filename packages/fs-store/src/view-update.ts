/**
 * What the store and the folders say to each other. All of it is plain data, since the folders may be kept by another thread.
 *
 * @module
 */
import type { JobStatus } from '@leviathan/core';
import type { HandRequests } from './hand-requests';

/** How the file of one job is to be. */
export interface Update {
  id: string;
  /** Left out: there is to be no file. */
  status?: JobStatus;
  /** Number of the newest record that the text shows. */
  version: number;
  /** The job as JSON, on one line. */
  text: string;
}

/** What became of an {@link Update}. */
export type UpdateOutcome =
  /** The file shows it, or there is to be none. */
  | 'done'
  /** Somebody else wrote, moved or removed something since, or may have: nothing was touched. It will be asked for again. */
  | 'foreign'
  /** An error before it concerned every file: this one was not tried. */
  | 'untried'
  /** What the failing system call threw. */
  | Error;

/** A job as it stands in the store. */
export interface JobLook {
  /** The store knows the job: the rest counts. */
  known: boolean;
  /** The store removed it: a file of it is a leftover. */
  removed: boolean;
  status: JobStatus;
  /** Number of the newest record that changed it. */
  version: number;
  /** The job as JSON, on one line. */
  text: string;
  /** Characters of its data and result. */
  size: number;
}

/** The file that was found, or written, for a job. */
export interface KeptFile {
  id: string;
  folder: JobStatus;
  /** See `Note.version`. */
  version: number;
}

/** How many files each folder has. */
export type FileCounts = Record<JobStatus, number>;

/** The store, as those who keep the folders see it. */
export interface FolderHost extends HandRequests {
  /** The jobs as they stand now, in the order of the ids. */
  look(ids: string[]): Promise<JobLook[]>;
  /** Number of the newest record: something happens as long as it grows. */
  progress(): Promise<number>;
  /** The files of these jobs are not as they should be, or were not known of: updates, please. */
  touch(ids: string[]): void;
  /** A folder was gone and was made again, so that files are missing: what there is, is this. */
  replaced(files: KeptFile[]): void;
  /** Something that no caller can be told. */
  error(error: unknown): void;
}

/** Who keeps the four folders, on this thread or another. */
export interface FolderKeeping {
  /** How many updates to hand over at once. */
  readonly batch: number;
  readonly files: FileCounts;
  /** Looks at what stands in the folders, then watches them. Resolves with the files that are there when each has been looked at. */
  start(): Promise<KeptFile[]>;
  /** Brings files up to date; the outcomes in the order of the updates. */
  write(updates: Update[]): UpdateOutcome[] | Promise<UpdateOutcome[]>;
  /** Compares the folders with what was written. Resolves when that is done and what was found has been acted on. */
  scan(): Promise<void>;
  /** Resolves when nothing is left to do but to wait. */
  idle(): Promise<void>;
  stop(): Promise<void>;
}
