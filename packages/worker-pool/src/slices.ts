/**
 * Work in slices that hold nobody up.
 *
 * @module
 */

/** Milliseconds of one turn of the event loop. */
const SLICE_MS = 4;

/** Does pieces of work in order, each in a later turn of the event loop, in one turn as many as take some milliseconds. */
export class Slices {
  #pieces: (() => void)[] = [];
  #next = 0;

  add(piece: () => void): void {
    this.#pieces.push(piece);
    if (this.#pieces.length === 1) setImmediate(() => this.#work());
  }

  #work(): void {
    const end = performance.now() + SLICE_MS;
    do {
      this.#pieces[this.#next++]?.();
    } while (this.#next < this.#pieces.length && performance.now() < end);
    if (this.#next < this.#pieces.length) {
      setImmediate(() => this.#work());
    } else {
      this.#pieces = [];
      this.#next = 0;
    }
  }
}
