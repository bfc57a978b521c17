/**
 * The service that runs the handlers of processors that name a module.
 *
 * @module
 */
import { availableParallelism } from 'node:os';
import {
  type AnyProcessor,
  InterruptedError,
  type JobContext,
  type Logger,
  type ModuleRunner,
  type Service,
  type ServiceContext,
  type ServiceHealth,
  ValidationError,
} from '@leviathan/core';
import { assertSupported, capabilitiesOf, type PoolCapabilities } from './capabilities';
import type { Carrier } from './carrier';
import { Pool } from './pool';
import { startProcess } from './process-carrier';
import type { ChildStart } from './protocol';
import { startThread } from './thread-carrier';

/** Options of {@link WorkerPoolService}. */
export interface WorkerPoolOptions {
  /** Most threads and processes at a time, of all processors together; as many as the machine has cores by default. */
  maxWorkers?: number;
  /** Milliseconds after which a worker that has nothing to do is ended; 30,000 by default. */
  idleAfter?: number;
  /** Gets a line for each worker that crashed, and what workers print that cannot be told to be one job's. */
  logger?: Logger;
  /**
   * Where the program of the workers stands: `child.js` of this package, with `guard.js` beside it. Only for programs that a bundler made
   * into one file: copy both, and name the place.
   */
  program?: URL;
}

/**
 * Keeps workers, child processes or threads, and runs in them the handlers of processors that name a module. List it among the services of
 * a `Leviathan`; there is nothing else to wire.
 *
 * @example
 * ```ts
 * const resize = defineProcessor({
 *   type: 'resize',
 *   input: z.object({ file: z.string() }),
 *   module: new URL('./resize.job.js', import.meta.url),
 *   isolation: { memory: 512, nice: 10 },
 * });
 * const leviathan = new Leviathan({ store, processors: [resize], services: [new WorkerPoolService()] });
 * ```
 */
export class WorkerPoolService implements Service {
  readonly name = 'worker-pool';
  /** What can be held here of what processors may ask for. */
  readonly capabilities: PoolCapabilities = capabilitiesOf(process.platform);
  readonly modules: ModuleRunner;
  readonly #options: WorkerPoolOptions;
  readonly #maxWorkers: number;
  #pool: Pool | undefined;

  /** @throws ValidationError */
  constructor(options: WorkerPoolOptions = {}) {
    const { maxWorkers = availableParallelism(), idleAfter = 0 } = options;
    const issues = [
      ...(Number.isInteger(maxWorkers) && maxWorkers >= 1
        ? []
        : [{ path: ['maxWorkers'], message: 'must be an integer of 1 or more' }]),
      ...(idleAfter >= 0 ? [] : [{ path: ['idleAfter'], message: 'must be milliseconds, 0 or more' }]),
    ];
    if (issues.length > 0) throw new ValidationError('The worker pool', issues);
    this.#options = options;
    this.#maxWorkers = maxWorkers;
    this.modules = {
      capacity: (processor) => this.#capacity(processor),
      run: (processor, context, onPlaced) => this.#run(processor, context, onPlaced),
    };
  }

  /** Workers are started when there are jobs for them. */
  start({ clock }: ServiceContext): void {
    const { idleAfter = 30_000, logger, program = new URL('./child.js', import.meta.url) } = this.#options;
    const launch = (start: ChildStart): Carrier =>
      start.kind === 'thread' ? startThread(program, start) : startProcess(program, start);
    this.#pool = new Pool({ clock, maxWorkers: this.#maxWorkers, idleAfter, logger, launch });
  }

  /** Ends all workers. The jobs have had their time: the program's worker stops before its services do. */
  async stop(): Promise<void> {
    await this.#pool?.close();
    this.#pool = undefined;
  }

  /** How many workers there are and have crashed so far, and how many jobs run in them and wait for one. */
  health(): ServiceHealth {
    if (!this.#pool) return { status: 'stopped', problems: [] };
    return { status: 'ok', problems: [], details: { maxWorkers: this.#maxWorkers, ...this.#pool.counts } };
  }

  #capacity(processor: AnyProcessor): number {
    assertSupported(this.capabilities, processor);
    return this.#maxWorkers * (processor.isolation?.jobsPerWorker ?? 1);
  }

  #run(processor: AnyProcessor, context: JobContext, onPlaced: () => void): Promise<unknown> {
    return this.#pool?.run(processor, context, onPlaced) ?? Promise.reject(new InterruptedError());
  }
}
