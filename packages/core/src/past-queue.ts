/**
 * A queue as it was.
 *
 * @module
 */
import type { Job } from './job';
import type { JobCounts, JobPage, JobStore, ListQuery } from './store';

/** The questions of a queue, answered for an earlier time. Nothing can be changed in it. Made by `Queue.at`. */
export class PastQueue {
  readonly #store: JobStore;

  /** @param at Epoch milliseconds. */
  constructor(
    store: JobStore,
    readonly at: number,
  ) {
    this.#store = store;
  }

  /** How many jobs there were of each status and type, why the pending ones waited, and what was paused. @throws NoHistoryError */
  async counts(): Promise<JobCounts> {
    return (await this.#store.stateAt(this.at)).counts;
  }

  /** One page of the jobs as they were. @throws NoHistoryError, ValidationError */
  async list(query: ListQuery = {}): Promise<JobPage> {
    return (await this.#store.stateAt(this.at, { list: query })).page ?? { jobs: [] };
  }

  /** The job as it was, or `null` when there was none with this id. @throws NoHistoryError */
  async get(id: string): Promise<Job | null> {
    return (await this.#store.stateAt(this.at, { ids: [id] })).jobs?.[0] ?? null;
  }
}
