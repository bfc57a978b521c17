import type { StoreEvent, Subscription } from '../../store';

/** Keeps the events of one subscription, and lets a test wait for one. */
export class Recorder {
  readonly events: StoreEvent[] = [];
  subscription: Subscription | undefined;
  readonly #patience: { soon<T>(answer: Promise<T>, what: string): Promise<T> };
  readonly #waiting = new Set<() => void>();

  constructor(patience: { soon<T>(answer: Promise<T>, what: string): Promise<T> }) {
    this.#patience = patience;
  }

  take(events: StoreEvent[]): void {
    this.events.push(...events);
    for (const check of [...this.#waiting]) check();
  }

  /** The first event that fits, once it is there. */
  until(fits: (event: StoreEvent) => boolean, what: string): Promise<StoreEvent> {
    const found = new Promise<StoreEvent>((resolve) => {
      const check = (): void => {
        const event = this.events.find(fits);
        if (event === undefined) return;
        this.#waiting.delete(check);
        resolve(event);
      };
      this.#waiting.add(check);
      check();
    });
    return this.#patience.soon(found, `the event of ${what}`);
  }

  /** The first event of a kind about a job. */
  untilKind(kind: StoreEvent['kind'], id?: string): Promise<StoreEvent> {
    return this.until((event) => event.kind === kind && (id === undefined || event.id === id), `${kind} ${id ?? ''}`);
  }
}
