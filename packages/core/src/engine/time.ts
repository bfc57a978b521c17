/** Texts of recent times: jobs come in bursts, and each shows a few of the same milliseconds. */
const CACHED = 256;
const times = new Float64Array(CACHED).fill(Number.NaN);
const texts: string[] = new Array(CACHED).fill('');

/** ISO 8601, UTC. */
export function isoOf(ms: number): string {
  const slot = (Math.abs(ms) % CACHED) | 0;
  if (times[slot] !== ms) {
    texts[slot] = new Date(ms).toISOString();
    times[slot] = ms;
  }
  return texts[slot] as string;
}

/** Largest distance from the epoch that a `Date` can hold, ECMA-262 §21.4.1.1. */
export const MAX_TIME = 8.64e15;
