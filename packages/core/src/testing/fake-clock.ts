/**
 * A clock that moves when a test says so.
 *
 * @module
 */
import type { Clock, Timer } from '../clock';
import { nextTurn } from '../next-turn';

interface Pending {
  /** `wall`: due when the wall clock reads `due`. `running`: due when so much running time has passed. */
  basis: 'wall' | 'running';
  due: number;
  /** Timers of the same instant fire in the order in which they were set. */
  number: number;
  run: () => void;
}

/** A timer that sets itself again at the same instant for so many times never lets the time go on. */
const MAX_TIMERS_PER_INSTANT = 10_000;

/** Real turns of the event loop after each timer: enough for promise chains that go through a few message ports. */
const TURNS = 5;

/**
 * Time under a test's control. Nothing fires until {@link FakeClock.advance}, {@link FakeClock.jump}, {@link FakeClock.suspend} or
 * {@link FakeClock.block} makes it due; only a timer that is due when it is set fires by itself, on a later turn of the event loop, as with the machine's clock.
 *
 * Between two timers the event loop really turns, so that promises, message ports and finished I/O get their chance. I/O that takes
 * longer is not waited for: await what it brings about (a claim, an event), then go on.
 *
 * @example
 * ```ts
 * const clock = new FakeClock();
 * const store = new MemoryStore({ clock });
 * await store.add([{ type: 'mail', data: null, runAt: clock.now() + 60_000 }]);
 * const claim = store.claim({ worker: 'w1', limit: 1, wait: true });
 * await clock.advance(60_000);
 * await claim; // the job
 * ```
 */
export class FakeClock implements Clock {
  #running = 1_000;
  /** What the wall clock is ahead of the running time. One sum of all that passes, so that fractions of milliseconds do not add up to an error. */
  #ahead: number;
  #number = 0;
  readonly #timers = new Set<Pending>();

  /** @param start What the wall clock reads at first, in epoch milliseconds. */
  constructor(start: number = Date.parse('2025-01-30T12:00:00Z')) {
    this.#ahead = start - this.#running;
  }

  /** Whole milliseconds, as `Date.now()` tells them. */
  now(): number {
    return Math.floor(this.#ahead + this.#running);
  }

  monotonic(): number {
    return this.#running;
  }

  at(at: number, run: () => void): Timer {
    return this.#set('wall', at, run);
  }

  after(ms: number, run: () => void): Timer {
    return this.#set('running', this.#running + Math.max(ms, 0), run);
  }

  /** How many timers are set and have not fired. */
  get pending(): number {
    return this.#timers.size;
  }

  /** Milliseconds until the next timer is due, 0 when it is overdue; `undefined` when none is set. */
  get untilNext(): number | undefined {
    const next = this.#next();
    return next && Math.max(this.#left(next), 0);
  }

  /**
   * Lets `ms` milliseconds pass, with each timer fired at its own time, in order. What a timer throws is thrown here.
   * @throws RangeError when `ms` is negative (see {@link FakeClock.jump}) or no finite number.
   */
  async advance(ms: number): Promise<void> {
    if (!(ms >= 0 && ms < Number.POSITIVE_INFINITY)) throw new RangeError(`advance(${ms}): time passes forwards only.`);
    await this.settle();
    const end = this.#running + ms;
    for (let atOnce = 0; ; ) {
      const next = this.#next();
      if (!next) break;
      const left = Math.max(this.#left(next), 0);
      if (this.#running + left > end) break;
      atOnce = left === 0 ? atOnce + 1 : 0;
      if (atOnce > MAX_TIMERS_PER_INSTANT) {
        throw new Error(
          `${MAX_TIMERS_PER_INSTANT} timers fired at one instant: a timer sets itself again without a delay.`,
        );
      }
      if (left > 0) this.#running = this.#dueOf(next);
      this.#fire(next);
      await this.settle();
    }
    // A timer may have advanced the clock itself.
    this.#running = Math.max(end, this.#running);
  }

  /** Sets the wall clock forward or (negative `ms`) back, with no running time passing: timers of `at` that are due now fire. */
  async jump(ms: number): Promise<void> {
    if (!Number.isFinite(ms)) throw new RangeError(`jump(${ms}): not a number of milliseconds.`);
    this.#ahead += ms;
    await this.advance(0);
  }

  /** The machine sleeps: the wall clock goes on, running time and timers stand still. Timers of `at` that are due now fire on waking. */
  async suspend(ms: number): Promise<void> {
    if (!(ms >= 0)) throw new RangeError(`suspend(${ms}): a sleep cannot be negative.`);
    await this.jump(ms);
  }

  /** The event loop is blocked for `ms` milliseconds: all time goes on, no timer fires. What became due fires afterwards, in order. */
  async block(ms: number): Promise<void> {
    if (!(ms >= 0)) throw new RangeError(`block(${ms}): time passes forwards only.`);
    this.#running += ms;
    await this.advance(0);
  }

  /** Lets promises and finished I/O run, at no cost of time. */
  async settle(turns: number = TURNS): Promise<void> {
    for (let turn = 0; turn < turns; turn++) await new Promise<void>(nextTurn);
  }

  #set(basis: Pending['basis'], due: number, run: () => void): Timer {
    const timer: Pending = { basis, due, number: this.#number++, run };
    this.#timers.add(timer);
    if (this.#left(timer) <= 0) {
      nextTurn(() => {
        // The wall clock may have been set back since.
        if (this.#timers.has(timer) && this.#left(timer) <= 0) this.#fire(timer);
      });
    }
    return { cancel: () => void this.#timers.delete(timer) };
  }

  #left(timer: Pending): number {
    return this.#dueOf(timer) - this.#running;
  }

  /** In running time, if the wall clock is not set meanwhile. */
  #dueOf({ due, basis }: Pending): number {
    return basis === 'wall' ? due - this.#ahead : due;
  }

  #next(): Pending | undefined {
    let best: Pending | undefined;
    let least = Number.POSITIVE_INFINITY;
    for (const timer of this.#timers) {
      const left = this.#left(timer);
      if (left < least || (left === least && best && timer.number < best.number)) {
        best = timer;
        least = left;
      }
    }
    return best;
  }

  #fire(timer: Pending): void {
    this.#timers.delete(timer);
    timer.run();
  }
}
