/**
 * Waiting with a limit.
 *
 * @module
 */
import type { Clock } from './clock';

/** Resolves with true once `promise` settled, with false after `ms` milliseconds (any number, `Infinity` too) if it has not. */
export async function within(clock: Clock, promise: Promise<unknown>, ms: number): Promise<boolean> {
  const settled = promise.then(
    () => true,
    () => true,
  );
  if (ms === Number.POSITIVE_INFINITY) return settled;
  return new Promise((resolve) => {
    const timer = clock.after(Math.max(ms, 0), () => resolve(false));
    void settled.then((value) => {
      timer.cancel();
      resolve(value);
    });
  });
}
