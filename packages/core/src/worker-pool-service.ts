/**
 * The service that holds the worker.
 *
 * @module
 */
import type { Clock } from './clock';
import type { Service, ServiceContext, ServiceHealth } from './service';
import type { Worker } from './worker';

/** Starts to run jobs last, when everything they need is there, and stops first. */
export class WorkerPoolService implements Service {
  readonly name = 'worker-pool';
  readonly #worker: Worker;
  #clock: Clock | undefined;

  constructor(worker: Worker) {
    this.#worker = worker;
  }

  start({ clock }: ServiceContext): Promise<void> {
    this.#clock = clock;
    return this.#worker.start();
  }

  stop({ deadline }: { deadline: number }): Promise<void> {
    const left = this.#clock ? deadline - this.#clock.now() : 0;
    return this.#worker.stop({ timeout: Math.max(left, 0) });
  }

  health(): ServiceHealth {
    return this.#worker.health();
  }
}
