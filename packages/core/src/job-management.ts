/**
 * What a manager of jobs does: looks at them, changes them, takes changes back.
 *
 * @module
 */
import { checkNewData } from './edit-check';
import type { HistoryQuery, HistoryResult } from './history';
import type { Job } from './job';
import { toJson } from './json';
import { PastQueue } from './past-queue';
import type { ProcessorRegistry } from './processor-registry';
import { assertChanged, type ChangeOptions, type ChangeTarget, toTarget } from './queue-target';
import type {
  ChangeAction,
  ChangeResult,
  Explanation,
  JobCounts,
  JobPage,
  JobPatch,
  JobStore,
  ListQuery,
  MoveTarget,
  UndoResult,
} from './store';
import type { Trail } from './trail';

/** The calls of a `Queue` that need nothing but its store, and know no types of jobs. */
export abstract class JobManagement {
  abstract readonly store: JobStore;
  /** Checks new data; `undefined`: it goes unchecked. */
  protected abstract readonly registry: ProcessorRegistry | undefined;

  /** The job, or `null` when there is none with this id. */
  async get(id: string): Promise<Job | null> {
    const [job] = await this.store.get([id]);
    return job ?? null;
  }

  /** One page of jobs; pass its `next` as `cursor` for the next one. */
  list(query?: ListQuery): Promise<JobPage> {
    return this.store.list(query);
  }

  /** How many jobs there are of each status and type, why the pending ones wait, and what is paused. */
  counts(): Promise<JobCounts> {
    return this.store.counts();
  }

  /** Why the job waits, or ended as it did; `null` when there is none with this id. */
  async explain(id: string): Promise<Explanation | null> {
    const [explanation] = await this.store.explain([id]);
    return explanation ?? null;
  }

  /**
   * What happened over time, for charts: how many jobs were added, started, completed, failed and retried, how long they waited and ran.
   * @throws ValidationError when the query is not valid, or asks for too many points.
   *
   * @example
   * ```ts
   * const { points, total } = await queue.history({ from: Date.now() - 86_400_000, step: 3_600_000, type: 'resize' });
   * console.log(total.completed, total.run.p95, points.map(({ at, failed }) => [at, failed]));
   * ```
   */
  history(query?: HistoryQuery): Promise<HistoryResult> {
    return this.store.history(query);
  }

  /** Starts no more jobs, or none of a type, until {@link Queue.resume}. Running ones run on. Survives a restart. */
  pause(options: { type?: string; by?: string } = {}): Promise<void> {
    return this.store.pause(true, options);
  }

  /** Lets jobs start again: all of them, or those of a type. */
  resume(options: { type?: string; by?: string } = {}): Promise<void> {
    return this.store.pause(false, options);
  }

  /** Pending jobs fail with reason `cancelled`; the handlers of active ones are told to stop. Throws for a single id as {@link Queue.retry}. */
  cancel(target: ChangeTarget, options?: ChangeOptions): Promise<ChangeResult> {
    return this.#change(target, { action: 'cancel' }, options);
  }

  /**
   * Failed jobs become pending again, with all their attempts; scheduled ones run now.
   * @throws JobNotFoundError, JobStateError: only for a target that is a single id. For lists and filters the result tells what was
   *   skipped and why.
   */
  retry(target: ChangeTarget, options?: ChangeOptions): Promise<ChangeResult> {
    return this.#change(target, { action: 'retry' }, options);
  }

  /** Pending, completed and failed jobs leave the store. Throws for a single id as {@link Queue.retry}. */
  remove(target: ChangeTarget, options?: ChangeOptions): Promise<ChangeResult> {
    return this.#change(target, { action: 'remove' }, options);
  }

  /**
   * Lets jobs run again that are held since their process died, see `onCrash`; by a filter, all of them that it finds. Who does not want that
   * cancels them. Throws for a single id as {@link Queue.retry}.
   */
  approve(target: ChangeTarget, options?: ChangeOptions): Promise<ChangeResult> {
    return this.#change(target, { action: 'approve' }, options);
  }

  /** Gives pending jobs another priority, 1 (first) to 10 (last). Throws for a single id as {@link Queue.retry}. */
  reprioritise(target: ChangeTarget, priority: number, options?: ChangeOptions): Promise<ChangeResult> {
    return this.#change(target, { action: 'reprioritise', priority }, options);
  }

  /** Moves pending jobs inside their priority, or next to another job and into its. Throws for a single id as {@link Queue.retry}. */
  move(target: ChangeTarget, to: MoveTarget, options?: ChangeOptions): Promise<ChangeResult> {
    return this.#change(target, { action: 'move', target: to }, options);
  }

  /**
   * Puts the jobs of dead letters back, and takes the letters away; by a filter, all dead letters that it finds. `limit`: so many at most, the
   * oldest first; `every`: milliseconds between the times at which they may run. Throws for a single id as {@link Queue.retry}.
   *
   * @example
   * ```ts
   * await queue.redrive({ filter: { type: 'dead-mail' } }, { limit: 100, every: 1_000 });
   * ```
   */
  redrive(
    target: ChangeTarget,
    { limit, every, ...options }: ChangeOptions & { limit?: number; every?: number } = {},
  ): Promise<ChangeResult> {
    const bounds = { ...(limit !== undefined && { limit }), ...(every !== undefined && { every }) };
    return this.#change(target, { action: 'redrive', ...bounds }, options);
  }

  /**
   * Changes pending jobs; new data is checked by the processor of each job's type. Throws for a single id as {@link Queue.retry}.
   * @throws ValidationError: nothing was changed.
   */
  async edit(target: ChangeTarget, patch: JobPatch, options?: ChangeOptions): Promise<ChangeResult> {
    if (patch.data === undefined) return this.#change(target, { action: 'edit', patch }, options);
    const data = toJson('The edit', 'data', patch.data);
    if (this.registry) await checkNewData(this.store, this.registry, target, data);
    return this.#change(target, { action: 'edit', patch: { ...patch, data } }, options);
  }

  /**
   * Takes a change back: `operation` of its result, or the newest one. Jobs that moved on since are left alone; the result tells which, and why.
   * @throws NoOperationError, NoHistoryError, UnsupportedError
   */
  undo(operation?: number, options: ChangeOptions = {}): Promise<UndoResult> {
    return this.store.undo({ ...(operation !== undefined && { operation }), ...options });
  }

  /** What happened to a job, also to one that left the store. @throws UnsupportedError */
  trail(id: string): Promise<Trail> {
    return this.store.trail(id);
  }

  /**
   * The queue as it was at a time, to look at; epoch milliseconds or a date.
   *
   * @example
   * ```ts
   * const counts = await queue.at(Date.now() - 3_600_000).counts();
   * ```
   */
  at(time: Date | number): PastQueue {
    return new PastQueue(this.store, typeof time === 'number' ? time : time.getTime());
  }

  async #change(target: ChangeTarget, change: ChangeAction, options: ChangeOptions = {}): Promise<ChangeResult> {
    const result = await this.store.change({ change, target: toTarget(target), ...options });
    assertChanged(target, result);
    return result;
  }
}
