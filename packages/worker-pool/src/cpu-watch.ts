/**
 * The processor time of a thread, which Linux tells.
 *
 * @module
 */
import { readFileSync } from 'node:fs';

/** Milliseconds between two looks. */
const INTERVAL_MS = 25;

/**
 * Calls `onLimit`, once, when the thread has used `limit` ms of processor time from now on. Returns what ends the watch.
 *
 * @param thread Its number in the system.
 */
export function watchCpu(thread: number, limit: number, onLimit: () => void): () => void {
  const end = (cpuMs(thread) ?? 0) + limit;
  const timer = setInterval(() => {
    const used = cpuMs(thread);
    if (used !== undefined && used <= end) return;
    clearInterval(timer);
    // A thread that is gone has its end told by itself.
    if (used !== undefined) onLimit();
  }, INTERVAL_MS);
  return () => clearInterval(timer);
}

/** See proc_pid_schedstat(5): the first number is the time on the processor in nanoseconds. */
function cpuMs(thread: number): number | undefined {
  try {
    return Number.parseInt(readFileSync(`/proc/self/task/${thread}/schedstat`, 'utf8'), 10) / 1e6;
  } catch {
    return undefined;
  }
}
