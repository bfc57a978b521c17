/**
 * A job in the hands of who added it.
 *
 * @module
 */
import { JobFailedError } from './errors';
import type { Job } from './job';
import type { AddResult, ChangeResult, UniqueOutcome } from './store';
import type { WaitOptions } from './wait';

/** The calls of a queue that a handle is made of. */
export interface JobCalls {
  /** See `Queue.get`. */
  get(id: string): Promise<Job | null>;
  /** See `Queue.wait`. */
  wait(id: string, options?: WaitOptions): Promise<Job>;
  /** See `Queue.cancel`. */
  cancel(id: string): Promise<ChangeResult>;
  /** See `Queue.retry`. */
  retry(id: string): Promise<ChangeResult>;
  /** See `Queue.remove`. */
  remove(id: string): Promise<ChangeResult>;
}

/**
 * One job of a queue.
 *
 * @example
 * ```ts
 * const handle = await queue.add('resize', { file: 'a.png', width: 100 });
 * const { bytes } = await handle.result({ timeout: 60_000 });
 * ```
 */
export class JobHandle<Result = unknown> {
  readonly id: string;
  /** False when a job with this id or key was there already; the handle is then that job's. */
  readonly added: boolean;
  /** What `unique` made of the add: see `AddResult`. */
  readonly outcome: UniqueOutcome | undefined;
  readonly #calls: JobCalls;

  constructor(calls: JobCalls, { id, added, outcome }: AddResult) {
    this.#calls = calls;
    this.id = id;
    this.added = added;
    this.outcome = outcome;
  }

  /** The job as it stands, or `null` when it left the store. */
  job(): Promise<Job<unknown, Result> | null> {
    return this.#calls.get(this.id) as Promise<Job<unknown, Result> | null>;
  }

  /**
   * Resolves with the job once it completed or failed for good.
   * @throws JobNotFoundError, WaitTimeoutError, StoreClosedError, or the reason of the signal.
   */
  wait(options?: WaitOptions): Promise<Job<unknown, Result>> {
    return this.#calls.wait(this.id, options) as Promise<Job<unknown, Result>>;
  }

  /**
   * Resolves with what the handler returned.
   * @throws JobFailedError when the job failed for good; and what {@link JobHandle.wait} throws.
   */
  async result(options?: WaitOptions): Promise<Result> {
    const job = await this.wait(options);
    if (job.status === 'completed') return job.result as Result;
    const message = job.metadata.errors.at(-1)?.message ?? 'no attempt was made';
    throw new JobFailedError(job.id, job.reason ?? 'error', message);
  }

  /**
   * Ends the job if it is pending, tells its handler to stop if it is active.
   * @throws JobNotFoundError, JobStateError
   */
  cancel(): Promise<ChangeResult> {
    return this.#calls.cancel(this.id);
  }

  /**
   * Makes the failed job pending again, or a scheduled one run now.
   * @throws JobNotFoundError, JobStateError
   */
  retry(): Promise<ChangeResult> {
    return this.#calls.retry(this.id);
  }

  /**
   * Takes the job out of the store, unless it is active.
   * @throws JobNotFoundError, JobStateError
   */
  remove(): Promise<ChangeResult> {
    return this.#calls.remove(this.id);
  }
}
