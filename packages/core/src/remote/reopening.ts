/**
 * Trying to open a store until it works, and what to tell those who wait meanwhile.
 *
 * @module
 */
import type { Clock } from '../clock';
import { ConnectionError } from '../errors';

const FIRST_WAIT = 20;
const LONGEST_WAIT = 1_000;

/** What a {@link Reopening} needs. */
export interface ReopeningOptions {
  clock: Clock;
  /** Milliseconds after which callers are no longer made to wait. */
  patience: number;
  attempt(): Promise<void>;
  /** Whoever waits is told; it goes on being tried. */
  giveUp(error: Error): void;
}

/** The time between the loss of a store and the next one. */
export class Reopening {
  /** Why callers are not made to wait: set when patience ran out, cleared when a store is open. */
  gaveUp: Error | undefined;
  private running: Promise<void> | undefined;
  private lastError: unknown;
  private again = false;
  private closing = false;
  private wake: (() => void) | undefined;

  constructor(private readonly options: ReopeningOptions) {}

  /** What is wrong, as a sentence; undefined while there is nothing to reopen. */
  get problem(): string | undefined {
    if (!this.running) return undefined;
    const reason = this.lastError instanceof Error ? `: ${this.lastError.message}` : '.';
    return `The connection to the store was lost; it is being opened again${reason}`;
  }

  /** Starts trying, unless that goes on already. */
  start(): void {
    if (this.running) {
      // The store that was just opened is lost before this has come to its end.
      this.again = true;
      return;
    }
    this.running = this.run().finally(() => {
      this.running = undefined;
      if (this.again) this.start();
    });
  }

  /** No second try from now on; resolves when the one that goes on, if any, has ended. */
  async finish(): Promise<void> {
    this.closing = true;
    this.wake?.();
    while (this.running) await this.running;
  }

  /** Resolves after a while, or early when there is no more time. Timers of a clock keep no process alive: `run` does that. */
  pause(ms: number): Promise<void> {
    if (this.closing) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = this.options.clock.after(ms, resolve);
      this.wake = () => {
        timer.cancel();
        resolve();
      };
    });
  }

  private async run(): Promise<void> {
    const { clock, patience, attempt } = this.options;
    this.lastError = undefined;
    this.again = false;
    // Callers wait for an answer, but with the connection the last thing may be gone that kept their process alive.
    const alive = setInterval(() => {}, 60_000);
    const timer = clock.after(patience, () => {
      clearInterval(alive);
      this.fail(new ConnectionError(`No store could be opened for ${patience} ms.`, { cause: this.lastError }));
    });
    try {
      for (let wait = FIRST_WAIT; ; wait = Math.min(2 * wait, LONGEST_WAIT)) {
        try {
          await attempt();
          this.gaveUp = undefined;
          return;
        } catch (error) {
          this.lastError = error;
          // Only a connection comes back by itself; what else is wrong is for the caller to know.
          if (this.closing || !(error instanceof ConnectionError)) this.fail(error as Error);
          if (this.closing) return;
        }
        await this.pause(wait);
      }
    } finally {
      timer.cancel();
      clearInterval(alive);
    }
  }

  private fail(error: Error): void {
    this.gaveUp = error;
    this.options.giveUp(error);
  }
}
