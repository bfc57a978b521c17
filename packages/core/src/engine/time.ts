/** ISO 8601 texts of epoch milliseconds, the newest one remembered: records come in bursts within one millisecond. */
let lastMs = Number.NaN;
let lastIso = '';

/** ISO 8601, UTC. */
export function isoOf(ms: number): string {
  if (ms !== lastMs) {
    lastIso = new Date(ms).toISOString();
    lastMs = ms;
  }
  return lastIso;
}

/** Largest distance from the epoch that a `Date` can hold, ECMA-262 §21.4.1.1. */
export const MAX_TIME = 8.64e15;
