/** Pauses that end at times which have nothing to do with the timers of this process. */
import { Worker } from 'node:worker_threads';

/**
 * A thread that sleeps when it is told and then sends a message. A timer of this process would fire together with those of a queue that
 * polls, and show it a job just when it looks.
 */
const sleeper = `
const { parentPort } = require('node:worker_threads');
const cell = new Int32Array(new SharedArrayBuffer(4));
parentPort.on('message', (milliseconds) => {
  Atomics.wait(cell, 0, 0, milliseconds);
  parentPort.postMessage(undefined);
});`;

export class IrregularPause {
  readonly #thread = new Worker(sleeper, { eval: true });
  #seed = 1;

  /** Resolves after `least` milliseconds and up to one more. */
  after(least: number): Promise<void> {
    const ended = new Promise<void>((resolve) => this.#thread.once('message', () => resolve()));
    this.#thread.postMessage(least + this.#random());
    return ended;
  }

  async close(): Promise<void> {
    await this.#thread.terminate();
  }

  /** The same pauses in each run: a linear congruential generator (Numerical Recipes). */
  #random(): number {
    this.#seed = (this.#seed * 1_664_525 + 1_013_904_223) % 2 ** 32;
    return this.#seed / 2 ** 32;
  }
}
