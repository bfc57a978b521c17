/**
 * Turns of the event loop: the unit in which work is batched.
 *
 * @module
 */

/** What of the global object is needed; browsers have no `setImmediate`. */
interface Globals {
  setImmediate?: (run: () => void) => unknown;
  MessageChannel: new () => {
    port1: { onmessage: (() => void) | null; close(): void };
    port2: { postMessage(message: null): void };
  };
}

/** Calls `run` on the next turn of the event loop, after the I/O that is due. */
export const nextTurn: (run: () => void) => void = turnsBy(globalThis as unknown as Globals);

/** The way of a platform to wait for the next turn of its event loop. */
export function turnsBy({ setImmediate, MessageChannel }: Globals): (run: () => void) => void {
  if (setImmediate !== undefined) return (run) => void setImmediate(run);
  // A message port turns the event loop without the 4 ms by which browsers hold back nested timeouts.
  return (run) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      run();
    };
    port2.postMessage(null);
  };
}

/**
 * Makes calls of `run` rare: the first one follows within the same turn (as a microtask, so an idle queue answers at once), all
 * others of the turn become a single one on the next turn. So load turns into batches, and promise chains cannot starve timers and I/O.
 */
export function oncePerTurn(run: () => void, next: (run: () => void) => void = nextTurn): () => void {
  let wanted = false;
  let ranThisTurn = false;

  const execute = (): void => {
    wanted = false;
    ranThisTurn = true;
    next(turned);
    run();
  };
  const turned = (): void => {
    ranThisTurn = false;
    if (wanted) execute();
  };

  return () => {
    if (wanted) return;
    wanted = true;
    if (!ranThisTurn) queueMicrotask(execute);
  };
}
