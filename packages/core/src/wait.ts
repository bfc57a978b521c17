/**
 * Waiting for jobs to end.
 *
 * @module
 */
import type { Clock, Timer } from './clock';
import { JobNotFoundError, StoreClosedError, WaitTimeoutError } from './errors';
import type { Job } from './job';
import type { JobStore, StoreEvent, Subscription } from './store';

/** How long to wait. */
export interface WaitOptions {
  /** Gives up with the signal's reason. */
  signal?: AbortSignal;
  /** Milliseconds; gives up with a `WaitTimeoutError`. */
  timeout?: number;
}

interface Waiter {
  resolve(job: Job): void;
  reject(error: unknown): void;
}

/** Jobs per call of `get`: bounds the size of one answer. */
const READ_BATCH = 1_000;

/** How long the subscription outlives the last wait, so that a loop of waits does not open and close one each. */
const LINGER_MS = 1_000;

/** All waits of a queue: they share one subscription, and their reads go to the store in batches. */
export class JobWaits {
  readonly #store: JobStore;
  readonly #clock: Clock;
  readonly #waiting = new Map<string, Set<Waiter>>();
  readonly #toRead = new Set<string>();
  #subscription: Promise<Subscription> | undefined;
  #linger: Timer | undefined;
  #closed = false;

  constructor(store: JobStore, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  /** Resolves with the job once it completed or failed for good. */
  wait(id: string, { signal, timeout }: WaitOptions = {}): Promise<Job> {
    return new Promise((resolve, reject) => {
      if (this.#closed) return reject(new StoreClosedError('The queue is closed.'));
      if (signal?.aborted) return reject(signal.reason);
      let timer: Timer | undefined;
      const leave = (): void => {
        timer?.cancel();
        signal?.removeEventListener('abort', abort);
        this.#remove(id, waiter);
      };
      const waiter: Waiter = {
        resolve: (job) => {
          leave();
          resolve(job);
        },
        reject: (error) => {
          leave();
          reject(error);
        },
      };
      const abort = (): void => waiter.reject(signal?.reason);
      signal?.addEventListener('abort', abort);
      if (timeout !== undefined && timeout < Number.POSITIVE_INFINITY) {
        timer = this.#clock.after(timeout, () => waiter.reject(new WaitTimeoutError(id, timeout)));
      }
      this.#add(id, waiter);
      // Read only once the subscription stands: a job that ends between the two would be missed otherwise.
      this.#subscribe().then(() => this.#read(id), waiter.reject);
    });
  }

  /** Rejects all waits with a `StoreClosedError`. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const waiters of [...this.#waiting.values()]) {
      for (const waiter of [...waiters]) waiter.reject(new StoreClosedError('The queue was closed during the wait.'));
    }
    await this.#unsubscribe();
  }

  #add(id: string, waiter: Waiter): void {
    this.#linger?.cancel();
    const waiters = this.#waiting.get(id);
    if (waiters) waiters.add(waiter);
    else this.#waiting.set(id, new Set([waiter]));
  }

  #remove(id: string, waiter: Waiter): void {
    const waiters = this.#waiting.get(id);
    waiters?.delete(waiter);
    if (waiters?.size === 0) this.#waiting.delete(id);
    if (this.#waiting.size > 0 || this.#closed) return;
    this.#linger?.cancel();
    this.#linger = this.#clock.after(LINGER_MS, () => void this.#unsubscribe());
  }

  #subscribe(): Promise<Subscription> {
    if (!this.#subscription) {
      const subscription = this.#store.subscribe({ kinds: ['completed', 'failed', 'removed', 'reset'] }, (events) =>
        this.#hear(events),
      );
      this.#subscription = subscription;
      subscription.catch(() => {
        // The next wait tries again.
        if (this.#subscription === subscription) this.#subscription = undefined;
      });
    }
    return this.#subscription;
  }

  async #unsubscribe(): Promise<void> {
    this.#linger?.cancel();
    const subscription = this.#subscription;
    this.#subscription = undefined;
    // A subscription that cannot be closed in order goes with its store.
    await subscription?.then((open) => open.close()).catch(() => {});
  }

  #hear(events: StoreEvent[]): void {
    for (const event of events) {
      if (event.kind === 'reset') for (const id of this.#waiting.keys()) this.#read(id);
      else if (event.id !== undefined && this.#waiting.has(event.id)) this.#read(event.id);
    }
  }

  #read(id: string): void {
    if (this.#toRead.size === 0) queueMicrotask(() => this.#readAll());
    this.#toRead.add(id);
  }

  #readAll(): void {
    const ids = [...this.#toRead].filter((id) => this.#waiting.has(id));
    this.#toRead.clear();
    for (let i = 0; i < ids.length; i += READ_BATCH) void this.#readBatch(ids.slice(i, i + READ_BATCH));
  }

  async #readBatch(ids: string[]): Promise<void> {
    try {
      const jobs = await this.#store.get(ids);
      for (const [i, id] of ids.entries()) this.#tell(id, jobs[i] ?? null);
    } catch (error) {
      for (const id of ids) for (const waiter of this.#waitersOf(id)) waiter.reject(error);
    }
  }

  #tell(id: string, job: Job | null): void {
    // A job that failed may have been retried since: then the wait goes on.
    if (job && job.status !== 'completed' && job.status !== 'failed') return;
    for (const [i, waiter] of this.#waitersOf(id).entries()) {
      if (!job) waiter.reject(new JobNotFoundError(id));
      // Each gets its own copy, as from `get`.
      else waiter.resolve(i === 0 ? job : structuredClone(job));
    }
  }

  #waitersOf(id: string): Waiter[] {
    return [...(this.#waiting.get(id) ?? [])];
  }
}
