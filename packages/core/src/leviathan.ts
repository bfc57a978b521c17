/**
 * The composition root: a store, processors, a worker and services as one thing that starts and stops.
 *
 * @module
 */
import { type Clock, systemClock } from './clock';
import { LeviathanError } from './errors';
import type { QueueEventMap, QueueListener } from './events';
import type { ImportResult } from './exchange/report';
import type { BatchCallbacks, BatchHandles, FlowHandles, FlowJob, FlowNames, ListHandles } from './flow';
import type { HistoryQuery, HistoryResult } from './history';
import type { Job } from './job';
import type { JobHandle } from './job-handle';
import { JobQueueService } from './job-queue-service';
import type { AddJobOptions, DataFor, JobInput, Processors, ResultFor, TypeIn } from './job-types';
import type { PastQueue } from './past-queue';
import { type Plugin, type PluginManifest, pluginManifest, pluginMiddleware, type WithPlugins } from './plugin';
import { assertPlugin } from './plugin-check';
import { PluginService } from './plugin-service';
import { type ProcessorManifest, ProcessorRegistry } from './processor-registry';
import { Queue } from './queue';
import type { Schedules } from './schedules';
import { type HealthReport, type Service, ServiceManager } from './service';
import type { AddOptions, ChangeResult, Explanation, JobCounts, JobPage, JobStore, UndoResult } from './store';
import type { Templates } from './template/templates';
import type { Trail } from './trail';
import type { WaitOptions } from './wait';
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
export class Leviathan<const P extends Processors = Processors, const G extends readonly Plugin[] = readonly []> {
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

  /** See {@link Queue.templates}. */
  get templates(): Templates {
    return this.queue.templates;
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

  /** See {@link Queue.schedules}. */
  get schedules(): Schedules<WithPlugins<P, G>> {
    return this.queue.schedules;
  }

  /** How the queue, the services and the worker are doing. */
  health(): Promise<HealthReport> {
    return this.services.health();
  }

  /** See {@link Queue.limits}. */
  get limits(): Queue['limits'] {
    return this.queue.limits;
  }

  /** See {@link Queue.pools}. */
  get pools(): Queue['pools'] {
    return this.queue.pools;
  }

  /** See {@link Queue.windows}. */
  get windows(): Queue['windows'] {
    return this.queue.windows;
  }

  /** See {@link Queue.gates}. */
  get gates(): Queue['gates'] {
    return this.queue.gates;
  }

  /** See {@link Queue.add}. */
  add<T extends TypeIn<WithPlugins<P, G>>>(
    type: T,
    data: DataFor<WithPlugins<P, G>, T>,
    options?: AddJobOptions,
  ): Promise<JobHandle<ResultFor<WithPlugins<P, G>, T>>> {
    return this.queue.add(type, data, options);
  }

  /** See {@link Queue.addMany}. */
  addMany<const J extends readonly JobInput<WithPlugins<P, G>>[]>(
    jobs: J,
    options?: AddOptions,
  ): Promise<ListHandles<WithPlugins<P, G>, J>> {
    return this.queue.addMany(jobs, options);
  }

  /** See {@link Queue.addFlow}. */
  addFlow<const F extends Record<string, FlowJob<WithPlugins<P, G>>>>(
    jobs: F & FlowNames<F>,
    options?: AddOptions,
  ): Promise<FlowHandles<WithPlugins<P, G>, F>> {
    return this.queue.addFlow<F>(jobs, options);
  }

  /** See {@link Queue.addChain}. */
  addChain<const J extends readonly JobInput<WithPlugins<P, G>>[]>(
    jobs: J,
    options?: AddOptions,
  ): Promise<ListHandles<WithPlugins<P, G>, J>> {
    return this.queue.addChain(jobs, options);
  }

  /** See {@link Queue.addBatch}. */
  addBatch<const J extends readonly JobInput<WithPlugins<P, G>>[], const C extends BatchCallbacks<WithPlugins<P, G>>>(
    jobs: J,
    callbacks: C,
    options?: AddOptions,
  ): Promise<BatchHandles<WithPlugins<P, G>, J, C>> {
    return this.queue.addBatch(jobs, callbacks, options);
  }

  /** See {@link Queue.get}. */
  get(id: string): Promise<Job | null> {
    return this.queue.get(id);
  }

  /** See {@link Queue.list}. */
  list(...args: Parameters<Queue['list']>): Promise<JobPage> {
    return this.queue.list(...args);
  }

  /** See {@link Queue.counts}. */
  counts(): Promise<JobCounts> {
    return this.queue.counts();
  }

  /** See {@link Queue.explain}. */
  explain(id: string): Promise<Explanation | null> {
    return this.queue.explain(id);
  }

  /** See {@link Queue.history}. */
  history(query?: HistoryQuery): Promise<HistoryResult> {
    return this.queue.history(query);
  }

  /** See {@link Queue.pause}. */
  pause(...args: Parameters<Queue['pause']>): Promise<void> {
    return this.queue.pause(...args);
  }

  /** See {@link Queue.resume}. */
  resume(...args: Parameters<Queue['resume']>): Promise<void> {
    return this.queue.resume(...args);
  }

  /** See {@link Queue.cancel}. */
  cancel(...args: Parameters<Queue['cancel']>): Promise<ChangeResult> {
    return this.queue.cancel(...args);
  }

  /** See {@link Queue.retry}. */
  retry(...args: Parameters<Queue['retry']>): Promise<ChangeResult> {
    return this.queue.retry(...args);
  }

  /** See {@link Queue.remove}. */
  remove(...args: Parameters<Queue['remove']>): Promise<ChangeResult> {
    return this.queue.remove(...args);
  }

  /** See {@link Queue.approve}. */
  approve(...args: Parameters<Queue['approve']>): Promise<ChangeResult> {
    return this.queue.approve(...args);
  }

  /** See {@link Queue.reprioritise}. */
  reprioritise(...args: Parameters<Queue['reprioritise']>): Promise<ChangeResult> {
    return this.queue.reprioritise(...args);
  }

  /** See {@link Queue.move}. */
  move(...args: Parameters<Queue['move']>): Promise<ChangeResult> {
    return this.queue.move(...args);
  }

  /** See {@link Queue.redrive}. */
  redrive(...args: Parameters<Queue['redrive']>): Promise<ChangeResult> {
    return this.queue.redrive(...args);
  }

  /** See {@link Queue.edit}. */
  edit(...args: Parameters<Queue['edit']>): Promise<ChangeResult> {
    return this.queue.edit(...args);
  }

  /** See {@link Queue.export}. */
  export(...args: Parameters<Queue['export']>): AsyncGenerator<string> {
    return this.queue.export(...args);
  }

  /** See {@link Queue.import}. */
  import(...args: Parameters<Queue['import']>): Promise<ImportResult> {
    return this.queue.import(...args);
  }

  /** See {@link Queue.undo}. */
  undo(...args: Parameters<Queue['undo']>): Promise<UndoResult> {
    return this.queue.undo(...args);
  }

  /** See {@link Queue.trail}. */
  trail(id: string): Promise<Trail> {
    return this.queue.trail(id);
  }

  /** See {@link Queue.at}. */
  at(time: Date | number): PastQueue {
    return this.queue.at(time);
  }

  /** See {@link Queue.wait}. */
  wait(id: string, options?: WaitOptions): Promise<Job> {
    return this.queue.wait(id, options);
  }

  /** See {@link Queue.handle}. */
  handle<Result = unknown>(id: string): JobHandle<Result> {
    return this.queue.handle<Result>(id);
  }

  /** See {@link Queue.on}. */
  on<K extends keyof QueueEventMap>(kind: K, listener: QueueListener<K>): this {
    this.queue.on(kind, listener);
    return this;
  }

  /** See {@link Queue.once}. */
  once<K extends keyof QueueEventMap>(kind: K, listener: QueueListener<K>): this {
    this.queue.once(kind, listener);
    return this;
  }

  /** See {@link Queue.off}. */
  off<K extends keyof QueueEventMap>(kind: K, listener: QueueListener<K>): this {
    this.queue.off(kind, listener);
    return this;
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
