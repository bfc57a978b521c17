/**
 * Real time, while a workload is recorded, by what was done to the disk. What the store decides by it (when a slice of work is over, when
 * to look at the lock again) is then the same in each recording, however busy the machine is.
 *
 * @module
 */
import type { Machine } from './machine';

/** Milliseconds that an operation takes. */
const OPERATION = 0.5;

/** Has `performance.now()` go by the operations of the machine until `run` is over. */
export async function byDiskTime<T>(machine: Machine, run: () => Promise<T>): Promise<T> {
  // A whole number: differences must not depend on how a fraction is rounded.
  const began = Math.ceil(performance.now());
  performance.now = () => began + machine.count * OPERATION;
  try {
    return await run();
  } finally {
    Reflect.deleteProperty(performance, 'now');
  }
}
