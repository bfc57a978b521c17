/**
 * The composition root: a store, processors, a worker and services as one thing that starts and stops.
 *
 * @module
 */
import { type Clock, systemClock } from './clock';
import { LeviathanError } from './errors';
import { JobQueueService } from './job-queue-service';
import type { Processors } from './job-types';
import { type Plugin, type PluginManifest, pluginManifest, pluginMiddleware, type WithPlugins } from './plugin';
import { assertPlugin } from './plugin-check';
import { PluginService } from './plugin-service';
import { type ProcessorManifest, ProcessorRegistry } from './processor-registry';
import { Queue } from './queue';
import { QueueCalls } from './queue-calls';
import { type HealthReport, type Service, ServiceManager } from './service';
import type { JobStore } from './store';
import { Worker, type WorkerSettings } from './worker';
import { WorkerService } from './worker-service';

/** Options of {@link Leviathan}. */
export interface LeviathanOptions<P extends Processors = Processors, G extends readonly Plugin[] = readonly []> {
  /** Opened by the start or the first call, closed by the stop (of the last Leviathan that was started on it). */
  store: JobStore;
  /** What this program can run. Left out: it takes jobs of any type, unchecked, and runs none. */
  processors?: P;
  /** Started between the queue and the worker, in this order. */
  services?: readonly Service[];
  /** What others contribute; of their middleware, that of the first one is the outermost. */
  plugins?: G;
  /** How the processors are run; `false`: not in this program. */
  worker?: false | WorkerSettings;
  clock?: Clock;
}

/**
 * Durable background jobs for one program.
 *
 * The calls of the {@link Queue} are here too, and work before {@link Leviathan.start}: jobs can be added while nothing runs them yet.
 *
 * @example
 * ```ts
 * const leviathan = new Leviathan({ store: new MemoryStore(), processors: [resize] });
 * await leviathan.start();
 * const handle = await leviathan.add('resize', { file: 'a.png', width: 100 });
 * console.log(await handle.result());
 * await leviathan.stop();
 * ```
 */
export class Leviathan<
  const P extends Processors = Processors,
  const G extends readonly Plugin[] = readonly [],
> extends QueueCalls<WithPlugins<P, G>> {
  readonly queue: Queue<WithPlugins<P, G>>;
  /** Runs the processors; `undefined` when this program runs none. */
  readonly worker: Worker | undefined;
  readonly services: ServiceManager;
  readonly #registry: ProcessorRegistry;
  readonly #plugins: readonly Plugin[];
  readonly #clock: Clock;
  readonly #jobs: JobQueueService;
  #starting: Promise<void> | undefined;
  #stopping: Promise<void> | undefined;

  /** @throws ValidationError, ServiceError when processors, services, plugins or the worker's settings are not valid. */
  constructor({ store, processors, services = [], plugins, worker = {}, clock = systemClock }: LeviathanOptions<P, G>) {
    super();
    this.#plugins = plugins ?? [];
    for (const [i, plugin] of this.#plugins.entries()) assertPlugin(plugin, this.#plugins.slice(0, i));
    const contributed = this.#plugins.flatMap((plugin) => plugin.processors ?? []);
    const registry = new ProcessorRegistry([...(processors ?? []), ...contributed]);
    const isChecked = processors !== undefined || contributed.length > 0;
    const middleware = this.#plugins.flatMap(pluginMiddleware);
    this.#registry = registry;
    this.#clock = clock;
    this.queue = new Queue<WithPlugins<P, G>>({ store, clock, middleware, ...(isChecked && { processors: registry }) });
    this.#jobs = new JobQueueService(this.#anyQueue);
    const allServices = [...services, ...this.#plugins.flatMap((plugin) => plugin.services ?? [])];
    const modules = allServices.find((service) => service.modules !== undefined)?.modules;
    this.worker =
      worker === false || registry.types().length === 0
        ? undefined
        : new Worker({ ...worker, store, clock, middleware, processors: registry, ...(modules && { modules }) });
    this.services = new ServiceManager([
      this.#jobs,
      ...(PluginService.isNeededFor(this.#plugins) ? [new PluginService(this.#plugins)] : []),
      ...allServices,
      ...(this.worker ? [new WorkerService(this.worker)] : []),
    ]);
    // Before anything opens the store: it may find jobs from outside as soon as it does.
    if (isChecked) store.setValidator?.(registry);
  }

  /** What this program can run, as plain JSON. */
  get processors(): ProcessorManifest[] {
    return this.#registry.manifests();
  }

  /** The plugins that it was given, as plain JSON. */
  get plugins(): PluginManifest[] {
    return this.#plugins.map(pluginManifest);
  }

  /**
   * Opens the store, then starts the services in order, the worker last; again is harmless.
   * @throws ServiceError: all is stopped again then, the store closed.
   */
  start(): Promise<void> {
    if (this.#stopping) {
      return Promise.reject(new LeviathanError('STOPPED', 'This Leviathan was stopped. Make a new one to go on.'));
    }
    this.#starting ??= this.services.start({ queue: this.#anyQueue, clock: this.#clock }).catch((error) => {
      // What could not be had now may be there the next time.
      this.#starting = undefined;
      throw error;
    });
    return this.#starting;
  }

  /**
   * Stops in reverse order: the worker lets its jobs end, the services go, the store closes; again is harmless.
   * @param options `timeout`: milliseconds for running handlers, 10,000 by default; see {@link Worker.stop}.
   * @throws ServiceError after everything else has stopped.
   */
  stop(options: { timeout?: number } = {}): Promise<void> {
    this.#stopping ??= this.#stop(options);
    return this.#stopping;
  }

  /** So that `await using leviathan = new Leviathan(…)` stops at the end of the block. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  /** How the queue, the services and the worker are doing. */
  health(): Promise<HealthReport> {
    return this.services.health();
  }

  /** Services know nothing of the processors: to them it is a queue of any types, which it is but for the types' names. */
  get #anyQueue(): Queue {
    return this.queue as unknown as Queue;
  }

  async #stop({ timeout = 10_000 }: { timeout?: number }): Promise<void> {
    const deadline = this.#clock.now() + timeout;
    // A start under way is not cut off: half-started services could not be stopped in order.
    await this.#starting?.catch(() => {});
    await this.services.stop({ deadline });
    if (!this.#starting) await this.#jobs.stop();
  }
}
