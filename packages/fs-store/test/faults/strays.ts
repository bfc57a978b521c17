/** Errors that nobody caught: while a case runs they are its own, and not the test runner's. */

const EVENTS = ['unhandledRejection', 'uncaughtException'] as const;

/** Collects them from now on. `end` gives them and puts everything back. */
export function catchStrays(): { end(): Promise<unknown[]> } {
  const strays: unknown[] = [];
  const collect = (error: unknown): void => void strays.push(error);
  const others = EVENTS.map((event) => process.listeners(event as 'uncaughtException'));
  for (const event of EVENTS) {
    process.removeAllListeners(event);
    process.on(event, collect);
  }
  return {
    async end() {
      // A rejection counts as unhandled only after the turn in which it came about.
      await new Promise((resolve) => setImmediate(resolve));
      for (const [i, event] of EVENTS.entries()) {
        process.removeListener(event, collect);
        for (const listener of others[i] ?? []) process.on(event, listener);
      }
      return strays;
    },
  };
}
