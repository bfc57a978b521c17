/**
 * The service that holds the worker.
 *
 * @module
 */
import type { Clock } from './clock';
import type { Service, ServiceContext, ServiceHealth } from './service';
import type { Worker } from './worker';

/** Starts to run jobs last, when everything they need is there, and stops first. */
export class WorkerService implements Service {
  readonly name = 'worker';
  readonly #worker: Worker;
  #clock: Clock | undefined;

  constructor(worker: Worker) {
    this.#worker = worker;
  }

  /** Starts the worker. */
  start({ clock }: ServiceContext): Promise<void> {
    this.#clock = clock;
    return this.#worker.start();
  }

  /** Stops the worker: its handlers have until the deadline. */
  stop({ deadline }: { deadline: number }): Promise<void> {
    const left = this.#clock ? deadline - this.#clock.now() : 0;
    return this.#worker.stop({ timeout: Math.max(left, 0) });
  }

  /** The worker's. */
  health(): ServiceHealth {
    return this.#worker.health();
  }
}
