/**
 * Patience with a store that fails.
 *
 * @module
 */
import type { Clock, Timer } from './clock';

const FIRST_MS = 100;
const LONGEST_MS = 5_000;

/** Calls `run` later and later: after 0.1 s, 0.2 s, 0.4 s … 5 s, until {@link RetryTimer.succeeded}. */
export class RetryTimer {
  readonly #clock: Clock;
  readonly #run: () => void;
  #timer: Timer | undefined;
  #delay = FIRST_MS;

  constructor(clock: Clock, run: () => void) {
    this.#clock = clock;
    this.#run = run;
  }

  /** Whether a call is due; until then the store is left alone. */
  get armed(): boolean {
    return this.#timer !== undefined;
  }

  arm(): void {
    if (this.#timer) return;
    this.#timer = this.#clock.after(this.#delay, () => {
      this.#timer = undefined;
      this.#run();
    });
    this.#delay = Math.min(this.#delay * 2, LONGEST_MS);
  }

  succeeded(): void {
    this.#delay = FIRST_MS;
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#delay = FIRST_MS;
  }
}
