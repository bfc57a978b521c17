/**
 * What a producer or manager of jobs holds.
 *
 * @module
 */
import type { CheckedSpec } from './checked-spec';
import { type Clock, systemClock } from './clock';
import { DefinitionSet } from './definition-set';
import { type Issue, ValidationError } from './errors';
import { type QueueEventMap, QueueEvents, type QueueListener } from './events';
import {
  type ExportOptions,
  exportAll,
  type ImportOptions,
  type ImportResult,
  importAll,
  type Lines,
} from './exchange/index';
import {
  type Adder,
  addBatch,
  addChain,
  addFlow,
  type BatchCallbacks,
  type BatchHandles,
  type FlowHandles,
  type FlowJob,
  type FlowNames,
  type ListHandles,
} from './flow';
import type { Job, JobOptions } from './job';
import { type JobCalls, JobHandle } from './job-handle';
import { JobManagement } from './job-management';
import { toJobSpec, toJobSpecs } from './job-spec';
import type { AddJobOptions, DataFor, JobInput, Processors, ResultFor, TypeIn } from './job-types';
import type { LimitSpec } from './limit';
import { enqueueThrough } from './middleware/enqueue';
import { layersOf, type Middleware } from './middleware/middleware';
import { ProcessorRegistry } from './processor-registry';
import type { GateSpec, PoolSpec } from './resources';
import { Schedules } from './schedules';
import { isThenable } from './schema';
import type { AddOptions, JobStore } from './store';
import { Templates } from './template/templates';
import { JobWaits, type WaitOptions } from './wait';
import type { WindowSpec } from './window';

/** Options of {@link Queue}. */
export interface QueueOptions<P extends Processors = Processors> {
  /** Opened by the first call that needs it; whoever made it closes it. */
  store: JobStore;
  /** Checks jobs by these, and takes no others. Left out: takes jobs of any type, unchecked, for workers elsewhere. */
  processors?: P | ProcessorRegistry;
  /** Code around `enqueue`, the outermost first. */
  middleware?: readonly Middleware[];
  clock?: Clock;
}

/**
 * Adds, watches and manages the jobs of a store. It runs none: that is the {@link Worker}'s part, in this process or another.
 *
 * Every method throws a `StoreError` when the store cannot do what it is asked for.
 *
 * @example
 * ```ts
 * const queue = new Queue({ store, processors: [resize] });
 * const handle = await queue.add('resize', { file: 'a.png', width: 100 }, { priority: 2 });
 * await handle.result(); // typed by the processor
 * ```
 */
export class Queue<const P extends Processors = Processors> extends JobManagement implements JobCalls {
  readonly store: JobStore;
  /** How many jobs may run at once, and start in a time. */
  readonly limits: DefinitionSet<LimitSpec>;
  /** What jobs share that need more than a worker. */
  readonly pools: DefinitionSet<PoolSpec>;
  /** How the machine must be for jobs to start. */
  readonly gates: DefinitionSet<GateSpec>;
  /** Jobs and flows with parameters, kept by name. */
  readonly templates: Templates;
  /** At which times of the week jobs may start. */
  readonly windows: DefinitionSet<WindowSpec>;
  /** What makes jobs again and again: by cron patterns, or at intervals. */
  readonly schedules: Schedules<P>;
  protected readonly registry: ProcessorRegistry | undefined;
  readonly #clock: Clock;
  readonly #events: QueueEvents;
  readonly #waits: JobWaits;
  /** Adds jobs through the middleware; `undefined` when there is none. */
  readonly #enqueue: ReturnType<typeof enqueueThrough> | undefined;

  /** @throws ValidationError when two processors claim one type. */
  constructor({ store, processors, middleware, clock = systemClock }: QueueOptions<P>) {
    super();
    this.store = store;
    this.limits = new DefinitionSet(store, 'limit');
    this.pools = new DefinitionSet(store, 'pool');
    this.gates = new DefinitionSet(store, 'gate');
    this.windows = new DefinitionSet(store, 'window');
    this.registry =
      processors === undefined || processors instanceof ProcessorRegistry
        ? processors
        : new ProcessorRegistry(processors);
    this.#clock = clock;
    this.#events = new QueueEvents(store, clock);
    this.#waits = new JobWaits(store, clock);
    const layers = layersOf(middleware, 'enqueue');
    const error = (thrown: unknown): void => this.#events.report(thrown);
    this.#enqueue = layers && enqueueThrough(layers, { store, registry: this.registry, error });
    const untyped = this as unknown as Queue;
    this.templates = new Templates({
      store,
      add: (...args) => untyped.add(...args),
      addFlow: (...args) => untyped.addFlow(...args),
    });
    this.schedules = new Schedules<P>({ store, clock, registry: this.registry, calls: this });
  }

  /**
   * Adds one job; resolves once it is as durable as the store promises.
   * @throws UnknownTypeError, ValidationError (with the path of each fault: `data.width`), DuplicateJobError, CycleError,
   *   JobTooLargeError, StoreWriteError: nothing was added.
   */
  add<T extends TypeIn<P>>(type: T, data: DataFor<P, T>, options?: AddJobOptions): Promise<JobHandle<ResultFor<P, T>>> {
    const issues: Issue[] = [];
    let spec: CheckedSpec | Promise<CheckedSpec>;
    try {
      const processor = this.registry?.require(type);
      spec = toJobSpec({ type, data, options: jobOptionsOf(options) }, processor, this.#clock.now(), undefined, issues);
    } catch (error) {
      return Promise.reject(error);
    }
    const add = (checked: CheckedSpec): Promise<JobHandle[]> =>
      issues.length > 0 ? Promise.reject(new ValidationError('The job', issues)) : this.#addSpecs([checked], options);
    const added = isThenable(spec) ? spec.then(add) : add(spec);
    return added.then((handles) => handles[0] as JobHandle<ResultFor<P, T>>);
  }

  /**
   * Adds several jobs, all or none; the paths of faults begin with `[index]`. Otherwise as {@link Queue.add}.
   */
  async addMany<const J extends readonly JobInput<P>[]>(jobs: J, options?: AddOptions): Promise<ListHandles<P, J>> {
    return (await this.#adder.add(jobs, options)) as ListHandles<P, J>;
  }

  /**
   * Adds jobs that depend on each other by names, all or none. The handles have the names, too, and so have the paths of faults.
   *
   * @example
   * ```ts
   * const { resize } = await queue.addFlow({
   *   fetch: { type: 'fetch', data: { url } },
   *   resize: { type: 'resize', data: { width: 100 }, dependsOn: ['fetch'] },
   * });
   * ```
   * @throws as {@link Queue.addMany}; ValidationError also for a name that is not in the flow.
   */
  async addFlow<const F extends Record<string, FlowJob<P>>>(
    jobs: F & FlowNames<F>,
    options?: AddOptions,
  ): Promise<FlowHandles<P, F>> {
    return (await addFlow(this.#adder, jobs, options)) as FlowHandles<P, F>;
  }

  /** Adds jobs that run one after the other, all or none: each depends on the one before. Otherwise as {@link Queue.addMany}. */
  async addChain<const J extends readonly JobInput<P>[]>(jobs: J, options?: AddOptions): Promise<ListHandles<P, J>> {
    return (await addChain(this.#adder, jobs, options)) as ListHandles<P, J>;
  }

  /**
   * Adds jobs and others that follow them, all or none: see {@link BatchCallbacks}. A callback reads how the jobs ended by `ctx.parents()`.
   * Paths of faults begin with `[index]` or the name of the callback.
   *
   * @throws as {@link Queue.addMany}; ValidationError also for a batch of no jobs, or of more than 10,000.
   */
  async addBatch<const J extends readonly JobInput<P>[], const C extends BatchCallbacks<P>>(
    jobs: J,
    callbacks: C,
    options?: AddOptions,
  ): Promise<BatchHandles<P, J, C>> {
    return (await addBatch(this.#adder, jobs, callbacks, options)) as BatchHandles<P, J, C>;
  }

  /** Jobs, templates and other definitions as the lines of a document, for a file or another store; see {@link exportAll}. */
  export(options?: ExportOptions): AsyncGenerator<string> {
    return exportAll(this.store, { clock: this.#clock, ...options });
  }

  /** Takes in a document that `export` wrote, jobs checked by the processors of this queue; see {@link importAll}. */
  import(lines: Lines, options?: ImportOptions): Promise<ImportResult> {
    return importAll(this.store, lines, { clock: this.#clock, validator: this.registry, ...options });
  }

  /**
   * Resolves with the job once it completed or failed for good. Many waits cost little: they share one subscription.
   * @throws JobNotFoundError, WaitTimeoutError, StoreClosedError, or the reason of the signal.
   */
  wait(id: string, options?: WaitOptions): Promise<Job> {
    return this.#waits.wait(id, options);
  }

  /** A handle of a job that was added before, here or elsewhere. */
  handle<Result = unknown>(id: string): JobHandle<Result> {
    return new JobHandle<Result>(this, { id, added: false });
  }

  /**
   * Listens to changes, whoever makes them. A listener that throws is reported as `error` and breaks nothing.
   *
   * @example
   * ```ts
   * queue.on('failed', (event) => console.error(event.id, event.reason, event.error));
   * ```
   */
  on<K extends keyof QueueEventMap>(kind: K, listener: QueueListener<K>): this {
    this.#events.on(kind, listener);
    return this;
  }

  /** {@link Queue.on}, for one event. */
  once<K extends keyof QueueEventMap>(kind: K, listener: QueueListener<K>): this {
    this.#events.once(kind, listener);
    return this;
  }

  /** Takes a listener off again. */
  off<K extends keyof QueueEventMap>(kind: K, listener: QueueListener<K>): this {
    this.#events.off(kind, listener);
    return this;
  }

  /** Ends its subscriptions and rejects its waits. The store stays open: whoever made it closes it. */
  async close(): Promise<void> {
    await Promise.all([this.#events.close(), this.#waits.close()]);
  }

  readonly #adder: Adder = {
    now: () => this.#clock.now(),
    add: async (jobs, options) => {
      const specs = await toJobSpecs(jobs, (type) => this.registry?.require(type), this.#clock.now());
      return this.#addSpecs(specs, options);
    },
  };

  #addSpecs(specs: CheckedSpec[], options: AddOptions | undefined): Promise<JobHandle[]> {
    const { onDuplicate, ids } = options ?? {};
    const some = onDuplicate !== undefined || ids !== undefined;
    const how = some ? { ...(onDuplicate && { onDuplicate }), ...(ids && { ids }) } : undefined;
    const added = this.#enqueue ? this.#enqueue(specs, how) : this.store.add(specs, how);
    return added.then((results) => results.map((result) => new JobHandle(this, result)));
  }
}

/** The options of the job alone; none, if there are none. */
function jobOptionsOf(options: AddJobOptions | undefined): JobOptions | undefined {
  if (options === undefined) return undefined;
  const { onDuplicate: _ofTheCall, ...ofTheJob } = options;
  return ofTheJob;
}
