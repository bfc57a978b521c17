/**
 * How jobs come into a store: what `add` and `restore` are told, and what they answer.
 *
 * @module
 */

/** How `add` treats an id or key that a job holds already. */
export interface AddOptions {
  /**
   * `return` (default) gives the existing job; `reject` throws `DuplicateJobError`, and nothing of the batch is added. For a key that is
   * held, the job's own `unique` goes before it.
   */
  onDuplicate?: 'return' | 'reject';
  /**
   * Ids for the specs that have none, by their places; fresh ones, as `newJobId` makes them. Whoever may have to make the call again chooses
   * them, so that it adds nothing twice. Left out: the store makes ids.
   */
  ids?: (string | undefined)[];
  /** The call was made before: jobs may be there that have its `ids`. */
  isRepeated?: boolean;
}

/** What `unique` made of an `add`, besides a new job or the existing one as it was. */
export type UniqueOutcome = 'replaced' | 'merged' | 'debounced' | 'throttled' | 'rerun';

/** What became of one added job. */
export interface AddResult {
  id: string;
  /** False when a job with this id or key was there already; `id` is then that job's. */
  added: boolean;
  /**
   * Left out: the job was added, or the existing one left as it is. `replaced`, `merged`, `debounced`: the job that held the key took it up;
   * `throttled`: this is the first job of the window; `rerun`: a new job that runs after the one that holds the key.
   */
  outcome?: UniqueOutcome;
}

/** How `restore` treats an id that a job has already. */
export interface RestoreOptions {
  /** The job of that id is replaced, unless it is running. Left out: it stays as it is. */
  replace?: boolean;
  /** Tell the outcomes, and change nothing. */
  dryRun?: boolean;
  /** Who asks, for the audit trail. */
  by?: string;
}

/** What became of one job that was to be restored. */
export interface RestoreResult {
  id: string;
  /**
   * `added`; `replaced`; or left alone: a job of this id is there (`exists`), it runs (`active`), another job holds the `key`, or the
   * pending job waits for a `parent` that is not there.
   */
  outcome: 'added' | 'replaced' | 'exists' | 'active' | 'key' | 'parent';
}
