/**
 * What all parts of an import share.
 *
 * @module
 */
import type { Clock } from '../clock';
import type { JobStore, JobValidator } from '../store';
import type { PortableKind } from './export';
import type { ImportReport } from './report';

/** What to do with an item when something else is there under its id or name. */
export const CONFLICT_POLICIES = ['skip', 'replace', 'rename', 'fail'] as const;

/**
 * One of {@link CONFLICT_POLICIES}:
 * - `skip`: what is there stays;
 * - `replace`: the item takes its place, unless it is a job that runs;
 * - `rename`: the item gets an id or name of its own, and jobs of the document that wait for it wait for it by that;
 * - `fail`: an `ImportConflictError`, before anything of the batch is imported.
 */
export type ConflictPolicy = (typeof CONFLICT_POLICIES)[number];

/** How to import. */
export interface ImportOptions {
  /** Tell what would change, and change nothing. The ids of all jobs of the document are in memory then. */
  dryRun?: boolean | undefined;
  /** `skip` by default. */
  onConflict?: ConflictPolicy | undefined;
  /** Items of these kinds alone; all by default. */
  kinds?: readonly PortableKind[] | undefined;
  /** False: of whole jobs their definitions alone, so that they are pending again. True by default. */
  history?: boolean | undefined;
  /** Give every job a new id, also where others wait for it: adds all jobs once more. */
  newIds?: boolean | undefined;
  /** Schedules that it brings in make no jobs until somebody resumes them. One that is there and says the same otherwise stays as it is. */
  pauseSchedules?: boolean | undefined;
  /** Checks the data of jobs that are to run. Jobs of types that it does not know are invalid, unless `anyType` is true. */
  validator?: JobValidator | undefined;
  anyType?: boolean | undefined;
  clock?: Clock | undefined;
  /** Who asks, for the audit trail; `import` by default. */
  by?: string | undefined;
}

/** One import. */
export interface ImportScope {
  store: JobStore;
  report: ImportReport;
  options: ImportOptions;
  policy: ConflictPolicy;
  dryRun: boolean;
  by: string;
  /** When it began, in epoch milliseconds. */
  now: number;
}

/** Items that are written in one commit at most, */
export const BATCH_ITEMS = 1_000;
/** and characters of their JSON: a call through another process takes 128 MiB. */
export const BATCH_CHARACTERS = 8 * 1024 * 1024;
