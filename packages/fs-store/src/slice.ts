/** Work that shares the event loop with everybody else comes in slices of this length (ms). */
const SLICE_MS = 4;

/**
 * Starts a slice: the answer says, after each piece of work, whether it is time to let others run. Real time, whatever clock the store
 * has: it is about the processor.
 */
export function startSlice(): { isOver(): boolean; elapsed(): number } {
  const start = performance.now();
  return {
    isOver: () => performance.now() - start >= SLICE_MS,
    elapsed: () => performance.now() - start,
  };
}

/** The next turn of the event loop. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
