/**
 * A whole Leviathan for tests: jobs in memory, time under control.
 *
 * @module
 */
import type { Processors } from '../job-types';
import { Leviathan, type LeviathanOptions } from '../leviathan';
import { MemoryStore } from '../memory-store';
import type { Plugin } from '../plugin';
import { type DrainOptions, drain } from './drain';
import { FakeClock } from './fake-clock';

/** Finished jobs stay, however far the clock is moved: the test wants to look at them. */
const FOR_GOOD = { age: Number.POSITIVE_INFINITY, count: Number.POSITIVE_INFINITY, bytes: Number.POSITIVE_INFINITY };

/** Options of {@link testLeviathan}: those of a Leviathan, but for the store and the clock. */
export type TestLeviathanOptions<P extends Processors, G extends readonly Plugin[] = readonly []> = Omit<
  LeviathanOptions<P, G>,
  'store' | 'clock'
>;

/** A {@link Leviathan} on a {@link MemoryStore} and a {@link FakeClock}; made by {@link testLeviathan}. */
export class TestLeviathan<
  const P extends Processors = Processors,
  const G extends readonly Plugin[] = readonly [],
> extends Leviathan<P, G> {
  readonly clock: FakeClock;
  readonly store: MemoryStore;

  constructor(options: TestLeviathanOptions<P, G>, clock = new FakeClock()) {
    const store = new MemoryStore({ clock, retention: { completed: FOR_GOOD, failed: FOR_GOOD } });
    super({ ...options, store, clock });
    this.clock = clock;
    this.store = store;
  }

  /**
   * Runs until no job is pending or active: it starts, and moves the clock from one wait (a time, a backoff, a timeout) to the next.
   * @throws Error when that cannot come to an end, for example because a job is paused or blocked; it says why each job is left.
   */
  async drain(options?: DrainOptions): Promise<void> {
    await this.start();
    await drain(this.store, this.clock, options);
  }

  /** Stops as {@link Leviathan.stop} does, without anybody having to move the clock: handlers that still run are told at once. */
  override async stop(options: { timeout?: number } = { timeout: 0 }): Promise<void> {
    let stopping = true;
    const stopped = super.stop(options).finally(() => {
      stopping = false;
    });
    // The worker's deadlines are on the clock. The failure, if any, is the caller's.
    stopped.catch(() => {});
    while (stopping) {
      await this.clock.settle();
      if (stopping && this.clock.untilNext !== undefined) await this.clock.advance(this.clock.untilNext);
    }
    await stopped;
  }
}

/**
 * A Leviathan for tests of your own processors, services and flows: no files, no waiting.
 *
 * @example
 * ```ts
 * await using leviathan = testLeviathan({ processors: [fetchFeed, summarise] });
 * const handle = await leviathan.add('fetch-feed', { url }, { attempts: 3 });
 * await leviathan.drain(); // retries and their backoff included
 * expect(await handle.result()).toEqual({ items: 12 });
 * ```
 * @example Look at a moment in between:
 * ```ts
 * await leviathan.start();
 * await leviathan.add('reminder', { text }, { delay: 60_000 });
 * await leviathan.clock.advance(59_999);
 * expect((await leviathan.counts()).waiting.scheduled).toBe(1);
 * ```
 */
export function testLeviathan<const P extends Processors = Processors, const G extends readonly Plugin[] = readonly []>(
  options: TestLeviathanOptions<P, G>,
): TestLeviathan<P, G> {
  return new TestLeviathan<P, G>(options);
}
