/**
 * Time as a dependency, so that tests never sleep.
 *
 * @module
 */

/** Handle of a pending timer. */
export interface Timer {
  /** Stops the timer; harmless when it fired already. */
  cancel(): void;
}

/** Where the time comes from. */
export interface Clock {
  /** Wall clock: epoch milliseconds. May jump, either way. */
  now(): number;
  /** Milliseconds since some fixed point; never goes back. */
  monotonic(): number;
  /**
   * Calls `run` once the wall clock reads `at` (epoch milliseconds) or later, never before. Distances beyond 2^31-1 ms are no problem,
   * and a suspend or a jump of the wall clock is noticed within a few seconds.
   */
  at(at: number, run: () => void): Timer;
  /** Calls `run` after `ms` milliseconds of running time. */
  after(ms: number, run: () => void): Timer;
}

/** Longest single sleep: short enough to notice a suspend or a clock that jumped soon after it happened. */
const MAX_SLEEP_MS = 5_000;

/** The machine's clock. Its timers do not keep the process alive. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),

  at(at, run) {
    let handle: ReturnType<typeof setTimeout>;
    const arm = (): void => {
      const left = at - Date.now();
      if (left <= 0) {
        run();
        return;
      }
      // setTimeout counts running time: it stands still in a suspend and knows nothing of clock jumps, so look again now and then.
      handle = setTimeout(arm, Math.min(left, MAX_SLEEP_MS));
      unref(handle);
    };
    handle = setTimeout(arm, Math.min(Math.max(at - Date.now(), 0), MAX_SLEEP_MS));
    unref(handle);
    return { cancel: () => clearTimeout(handle) };
  },

  after(ms, run) {
    let left = ms;
    let handle: ReturnType<typeof setTimeout>;
    const arm = (): void => {
      // setTimeout fires at once for delays over 2^31-1 ms.
      const step = Math.min(left, 2 ** 31 - 1);
      left -= step;
      handle = setTimeout(() => (left > 0 ? arm() : run()), step);
      unref(handle);
    };
    arm();
    return { cancel: () => clearTimeout(handle) };
  },
};

function unref(handle: unknown): void {
  (handle as { unref?: () => void }).unref?.();
}
