/**
 * Time of the system under a test's control: `setTimeout`, `Date.now` and `performance.now` of this process. It passes only when nothing
 * else goes on, straight to the next timer, so that waits of minutes cost nothing and a hang shows: nothing is under way, no timer is
 * set, and the answer is not there.
 *
 * @module
 */
import { FakeClock } from '@leviathan/core/testing';

interface Pending {
  due: number;
  number: number;
  run: () => void;
}

/** Turns of the event loop in which nothing happened, before time passes. */
const QUIET_TURNS = 8;
/** Real time (ms) that work on the thread pool may take without a sign, before it counts as a hang. */
const POOL_MS = 5_000;

/** The real ones, whoever stands in for them when this is used. */
const REAL = {
  setTimeout: globalThis.setTimeout,
  clearTimeout: globalThis.clearTimeout,
  dateNow: Date.now,
  performanceNow: performance.now.bind(performance),
};

/** A clock that says whether it is being moved. */
class WatchedClock extends FakeClock {
  moving = 0;

  override async advance(ms: number): Promise<void> {
    this.moving++;
    try {
      await super.advance(ms);
    } finally {
      this.moving--;
    }
  }
}

/** It will not come: nothing goes on any more, or for too long. */
export class HangError extends Error {}

/** See the module. */
export class VirtualTime {
  elapsed = 0;
  /** Moves along with it. */
  readonly clock = new WatchedClock();
  readonly #start = Date.parse('2025-01-30T12:00:00Z');
  readonly #timers = new Set<Pending>();
  #number = 0;

  /** @param isBusy Whether something is under way that needs no timer. `inPool`: on the thread pool, so that real time must pass. */
  constructor(private readonly isBusy: () => boolean | 'inPool') {}

  get pending(): number {
    return this.#timers.size;
  }

  now(): number {
    return this.#start + this.elapsed;
  }

  /** Takes over the process's time until {@link VirtualTime.leave}. */
  enter(): void {
    globalThis.setTimeout = ((run: (...args: unknown[]) => void, ms = 0, ...args: unknown[]) =>
      this.#set(() => run(...args), ms)) as unknown as typeof setTimeout;
    globalThis.clearTimeout = ((handle: unknown) => {
      if (handle instanceof Handle) handle.cancel();
      else REAL.clearTimeout(handle as NodeJS.Timeout);
    }) as typeof clearTimeout;
    Date.now = () => this.now();
    performance.now = () => 1_000 + this.elapsed;
  }

  leave(): void {
    globalThis.setTimeout = REAL.setTimeout;
    globalThis.clearTimeout = REAL.clearTimeout;
    Date.now = REAL.dateNow;
    performance.now = REAL.performanceNow;
  }

  /**
   * Lets everything run until the answer is there.
   * @throws HangError when it does not come, within so much virtual time (ms)
   */
  async run<T>(what: string, answer: Promise<T>, limit: number): Promise<T> {
    let isOver = false;
    const over = (): void => {
      isOver = true;
    };
    answer.then(over, over);
    const end = this.elapsed + limit;
    while (!isOver) {
      await this.#quiet(() => isOver);
      if (isOver) break;
      if (this.elapsed >= end) throw new HangError(`${what}: not answered within ${limit} ms.`);
      if (await this.#next(end)) continue;
      // What works on the thread pool may be behind the call that gave it its input.
      const patience = REAL.performanceNow() + POOL_MS;
      while (!isOver && this.#timers.size === 0 && !this.isBusy() && REAL.performanceNow() < patience)
        await new Promise((resolve) => REAL.setTimeout(resolve, 1));
      if (REAL.performanceNow() >= patience)
        throw new HangError(`${what}: not answered, and nothing goes on any more.`);
    }
    return answer;
  }

  /** Lets so much time pass, with all that happens in it. */
  async pass(ms: number): Promise<void> {
    const end = this.elapsed + ms;
    do await this.#quiet(() => false);
    while (this.elapsed < end && (await this.#next(end)));
    this.elapsed = Math.max(this.elapsed, end);
  }

  /** Resolves when so many turns went by in which nothing was under way. */
  async #quiet(isOver: () => boolean): Promise<void> {
    let since = REAL.performanceNow();
    for (let quiet = 0; quiet < QUIET_TURNS && !isOver(); quiet++) {
      await new Promise((resolve) => setImmediate(resolve));
      const busy = this.isBusy();
      if (busy === 'inPool') {
        if (REAL.performanceNow() - since > POOL_MS) return;
        await new Promise((resolve) => REAL.setTimeout(resolve, 1));
        quiet = 0;
      } else if (busy || this.clock.moving > 0) {
        quiet = 0;
        since = REAL.performanceNow();
      }
    }
  }

  /** The next timer is due, of the system or of the clock. False: there is none. */
  async #next(end: number): Promise<boolean> {
    let first: Pending | undefined;
    for (const timer of this.#timers) {
      if (!first || timer.due < first.due || (timer.due === first.due && timer.number < first.number)) first = timer;
    }
    const ofClock = this.clock.untilNext;
    const ofSystem = first && Math.max(0, first.due - this.elapsed);
    if (ofClock === undefined && ofSystem === undefined) return false;
    const step = Math.min(
      ofClock ?? Number.POSITIVE_INFINITY,
      ofSystem ?? Number.POSITIVE_INFINITY,
      end - this.elapsed,
    );
    this.elapsed += step;
    if (step > 0 || ofClock === 0) await this.clock.advance(step);
    if (first && first.due <= this.elapsed && this.#timers.delete(first)) first.run();
    return true;
  }

  #set(run: () => void, ms: number): Handle {
    const pending: Pending = { due: this.elapsed + Math.max(ms, 1), number: ++this.#number, run };
    this.#timers.add(pending);
    return new Handle(() => this.#timers.delete(pending));
  }
}

/** What stands for a `NodeJS.Timeout`. */
class Handle {
  constructor(readonly cancel: () => void) {}

  unref(): this {
    return this;
  }

  ref(): this {
    return this;
  }

  hasRef(): boolean {
    return false;
  }
}
