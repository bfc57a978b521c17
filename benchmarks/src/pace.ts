/** Doing something at an even rate. */
import { now, pause } from './now';

/**
 * Calls `step` `perSecond` times a second for `milliseconds`, each call as near to its time as the timers allow: what is late is caught up.
 * Resolves with the number of calls.
 */
export async function pace(perSecond: number, milliseconds: number, step: (n: number) => void): Promise<number> {
  const start = now();
  const total = Math.round((perSecond * milliseconds) / 1000);
  for (let n = 0; n < total; ) {
    const due = Math.min(total, Math.floor(((now() - start) * perSecond) / 1000) + 1);
    while (n < due) step(n++);
    if (n < total) await pause(1);
  }
  return total;
}
