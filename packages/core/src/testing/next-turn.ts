/**
 * A turn of the event loop, on Node and in browsers.
 *
 * @module
 */

/** What of the global object is needed. */
interface Globals {
  setImmediate?: (run: () => void) => unknown;
  MessageChannel: new () => {
    port1: { onmessage: (() => void) | null; close(): void };
    port2: { postMessage(message: null): void };
  };
}

/** Calls `run` on the next turn of the event loop. Taken when the module loads: a test may replace the global ones by fakes. */
export const nextTurn: (run: () => void) => void = turnsBy(globalThis as unknown as Globals);

/** The way of this platform to wait for the next turn of the event loop. */
export function turnsBy({ setImmediate, MessageChannel }: Globals): (run: () => void) => void {
  if (setImmediate !== undefined) return (run) => void setImmediate(run);
  // Browsers: a message port turns the event loop without the 4 ms that nested timeouts are held back.
  return (run) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      run();
    };
    port2.postMessage(null);
  };
}
