/**
 * The changes of a store, as events of a queue.
 *
 * @module
 */
import type { Clock, Timer } from './clock';
import { Emitter, type ListenerOf } from './emitter';
import { codeOf } from './failure';
import type { EventKind, JobStore, StoreEvent, Subscription } from './store';

/** What a queue tells: each kind of change by its name, all of them as `event`, and faults as `error`. */
export type QueueEventMap = { [K in EventKind]: [event: StoreEvent] } & {
  event: [event: StoreEvent];
  /** A listener threw, middleware did after its jobs were added, or the store could not be listened to. */
  error: [error: unknown];
};

/** A listener to one kind of event of a queue. */
export type QueueListener<K extends keyof QueueEventMap> = ListenerOf<QueueEventMap, K>;

const RETRY_MS = 1_000;

/**
 * Subscribes to the store with the first listener and unsubscribes with the last. There is one subscription for all kinds, so that
 * listeners of different kinds hear changes in the order in which they happened.
 */
export class QueueEvents {
  readonly #store: JobStore;
  readonly #clock: Clock;
  readonly #emitter = new Emitter<QueueEventMap>();
  #subscription: Promise<Subscription> | undefined;
  #retry: Timer | undefined;
  #closed = false;

  constructor(store: JobStore, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  on<K extends keyof QueueEventMap>(kind: K, listener: QueueListener<K>): void {
    this.#emitter.on(kind, listener);
    this.#update();
  }

  once<K extends keyof QueueEventMap>(kind: K, listener: QueueListener<K>): void {
    this.#emitter.once(kind, listener);
    this.#update();
  }

  off<K extends keyof QueueEventMap>(kind: K, listener: QueueListener<K>): void {
    this.#emitter.off(kind, listener);
    this.#update();
  }

  /** Tells the `error` listeners. */
  report(error: unknown): void {
    this.#emitter.emit('error', error);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#emitter.clear();
    await this.#unsubscribe();
  }

  #update(): void {
    const wanted = this.#emitter.heard && !this.#closed;
    if (wanted && !this.#subscription) this.#subscribe();
    else if (!wanted && this.#subscription) void this.#unsubscribe();
  }

  /** Calls the store at once, so that a listener added before an `add` hears of that job. */
  #subscribe(): void {
    this.#retry?.cancel();
    const subscription = this.#store.subscribe({}, (events) => {
      // Between two subscriptions the older one may still deliver: its events come by the newer one, or nobody wants them.
      if (this.#subscription === subscription) this.#deliver(events);
    });
    this.#subscription = subscription;
    subscription.catch((error: unknown) => {
      if (this.#subscription !== subscription) return;
      this.#subscription = undefined;
      this.#emitter.emit('error', error);
      if (codeOf(error) !== 'CLOSED') this.#retry = this.#clock.after(RETRY_MS, () => this.#update());
    });
  }

  async #unsubscribe(): Promise<void> {
    this.#retry?.cancel();
    const subscription = this.#subscription;
    this.#subscription = undefined;
    // A subscription that cannot be closed in order goes with its store.
    await subscription?.then((open) => open.close()).catch(() => {});
  }

  #deliver(events: StoreEvent[]): void {
    for (const event of events) {
      this.#emitter.emit(event.kind, event);
      this.#emitter.emit('event', event);
    }
    // Listeners of one event may have been the last.
    this.#update();
  }
}
