/**
 * The service that holds the store and the queue on it.
 *
 * @module
 */
import type { Queue } from './queue';
import type { Service, ServiceHealth } from './service';
import type { JobStore } from './store';

/** Who uses a store: the last one to stop closes it. */
const users = new WeakMap<JobStore, Set<JobQueueService>>();

/** Opens the store first and closes it last. */
export class JobQueueService implements Service {
  readonly name = 'job-queue';
  readonly #queue: Queue;

  constructor(queue: Queue) {
    this.#queue = queue;
  }

  /** Opens the store. */
  async start(): Promise<void> {
    const { store } = this.#queue;
    await store.open();
    const others = users.get(store) ?? new Set();
    users.set(store, others.add(this));
  }

  /** Works without a start as well: the store may have been opened by a first call. */
  async stop(): Promise<void> {
    const { store } = this.#queue;
    await this.#queue.close();
    const others = users.get(store);
    others?.delete(this);
    if (!others?.size) await store.close();
  }

  /** The store's. */
  async health(): Promise<ServiceHealth> {
    return this.#queue.store.health();
  }
}
