/**
 * What a producer or manager of jobs holds.
 *
 * @module
 */
import type { CheckedSpec } from './checked-spec';
import { type Clock, systemClock } from './clock';
import { DefinitionSet } from './definition-set';
import { checkNewData } from './edit-check';
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
import type { HistoryQuery, HistoryResult } from './history';
import type { Job, JobOptions } from './job';
import { type JobCalls, JobHandle } from './job-handle';
import { toJobSpec, toJobSpecs } from './job-spec';
import type { AddJobOptions, DataFor, JobInput, Processors, ResultFor, TypeIn } from './job-types';
import { toJson } from './json';
import type { LimitSpec } from './limit';
import { enqueueThrough } from './middleware/enqueue';
import { layersOf, type Middleware } from './middleware/middleware';
import { PastQueue } from './past-queue';
import { ProcessorRegistry } from './processor-registry';
import { assertChanged, type ChangeOptions, type ChangeTarget, toTarget } from './queue-target';
import type { GateSpec, PoolSpec } from './resources';
import { Schedules } from './schedules';
import { isThenable } from './schema';
import type {
  AddOptions,
  ChangeAction,
  ChangeResult,
  Explanation,
  JobCounts,
  JobPage,
  JobPatch,
  JobStore,
  ListQuery,
  MoveTarget,
  UndoResult,
} from './store';
import { Templates } from './template/templates';
import type { Trail } from './trail';
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
export class Queue<const P extends Processors = Processors> implements JobCalls {
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
  readonly #registry: ProcessorRegistry | undefined;
  readonly #clock: Clock;
  readonly #events: QueueEvents;
  readonly #waits: JobWaits;
  /** Adds jobs through the middleware; `undefined` when there is none. */
  readonly #enqueue: ReturnType<typeof enqueueThrough> | undefined;

  /** @throws ValidationError when two processors claim one type. */
  constructor({ store, processors, middleware, clock = systemClock }: QueueOptions<P>) {
    this.store = store;
    this.limits = new DefinitionSet(store, 'limit');
    this.pools = new DefinitionSet(store, 'pool');
    this.gates = new DefinitionSet(store, 'gate');
    this.windows = new DefinitionSet(store, 'window');
    this.#registry =
      processors === undefined || processors instanceof ProcessorRegistry
        ? processors
        : new ProcessorRegistry(processors);
    this.#clock = clock;
    this.#events = new QueueEvents(store, clock);
    this.#waits = new JobWaits(store, clock);
    const layers = layersOf(middleware, 'enqueue');
    const error = (thrown: unknown): void => this.#events.report(thrown);
    this.#enqueue = layers && enqueueThrough(layers, { store, registry: this.#registry, error });
    const untyped = this as unknown as Queue;
    this.templates = new Templates({
      store,
      add: (...args) => untyped.add(...args),
      addFlow: (...args) => untyped.addFlow(...args),
    });
    this.schedules = new Schedules<P>({ store, clock, registry: this.#registry, calls: this });
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
      const processor = this.#registry?.require(type);
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

  /** The job, or `null` when there is none with this id. */
  async get(id: string): Promise<Job | null> {
    const [job] = await this.store.get([id]);
    return job ?? null;
  }

  /** One page of jobs; pass its `next` as `cursor` for the next one. */
  list(query?: ListQuery): Promise<JobPage> {
    return this.store.list(query);
  }

  /** How many jobs there are of each status and type, why the pending ones wait, and what is paused. */
  counts(): Promise<JobCounts> {
    return this.store.counts();
  }

  /** Why the job waits, or ended as it did; `null` when there is none with this id. */
  async explain(id: string): Promise<Explanation | null> {
    const [explanation] = await this.store.explain([id]);
    return explanation ?? null;
  }

  /**
   * What happened over time, for charts: how many jobs were added, started, completed, failed and retried, how long they waited and ran.
   * @throws ValidationError when the query is not valid, or asks for too many points.
   *
   * @example
   * ```ts
   * const { points, total } = await queue.history({ from: Date.now() - 86_400_000, step: 3_600_000, type: 'resize' });
   * console.log(total.completed, total.run.p95, points.map(({ at, failed }) => [at, failed]));
   * ```
   */
  history(query?: HistoryQuery): Promise<HistoryResult> {
    return this.store.history(query);
  }

  /** Starts no more jobs, or none of a type, until {@link Queue.resume}. Running ones run on. Survives a restart. */
  pause(options: { type?: string; by?: string } = {}): Promise<void> {
    return this.store.pause(true, options);
  }

  /** Lets jobs start again: all of them, or those of a type. */
  resume(options: { type?: string; by?: string } = {}): Promise<void> {
    return this.store.pause(false, options);
  }

  /** Pending jobs fail with reason `cancelled`; the handlers of active ones are told to stop. Throws for a single id as {@link Queue.retry}. */
  cancel(target: ChangeTarget, options?: ChangeOptions): Promise<ChangeResult> {
    return this.#change(target, { action: 'cancel' }, options);
  }

  /**
   * Failed jobs become pending again, with all their attempts; scheduled ones run now.
   * @throws JobNotFoundError, JobStateError: only for a target that is a single id. For lists and filters the result tells what was
   *   skipped and why.
   */
  retry(target: ChangeTarget, options?: ChangeOptions): Promise<ChangeResult> {
    return this.#change(target, { action: 'retry' }, options);
  }

  /** Pending, completed and failed jobs leave the store. Throws for a single id as {@link Queue.retry}. */
  remove(target: ChangeTarget, options?: ChangeOptions): Promise<ChangeResult> {
    return this.#change(target, { action: 'remove' }, options);
  }

  /**
   * Lets jobs run again that are held since their process died, see `onCrash`; by a filter, all of them that it finds. Who does not want that
   * cancels them. Throws for a single id as {@link Queue.retry}.
   */
  approve(target: ChangeTarget, options?: ChangeOptions): Promise<ChangeResult> {
    return this.#change(target, { action: 'approve' }, options);
  }

  /** Gives pending jobs another priority, 1 (first) to 10 (last). Throws for a single id as {@link Queue.retry}. */
  reprioritise(target: ChangeTarget, priority: number, options?: ChangeOptions): Promise<ChangeResult> {
    return this.#change(target, { action: 'reprioritise', priority }, options);
  }

  /** Moves pending jobs inside their priority, or next to another job and into its. Throws for a single id as {@link Queue.retry}. */
  move(target: ChangeTarget, to: MoveTarget, options?: ChangeOptions): Promise<ChangeResult> {
    return this.#change(target, { action: 'move', target: to }, options);
  }

  /**
   * Puts the jobs of dead letters back, and takes the letters away; by a filter, all dead letters that it finds. `limit`: so many at most, the
   * oldest first; `every`: milliseconds between the times at which they may run. Throws for a single id as {@link Queue.retry}.
   *
   * @example
   * ```ts
   * await queue.redrive({ filter: { type: 'dead-mail' } }, { limit: 100, every: 1_000 });
   * ```
   */
  redrive(
    target: ChangeTarget,
    { limit, every, ...options }: ChangeOptions & { limit?: number; every?: number } = {},
  ): Promise<ChangeResult> {
    const bounds = { ...(limit !== undefined && { limit }), ...(every !== undefined && { every }) };
    return this.#change(target, { action: 'redrive', ...bounds }, options);
  }

  /**
   * Changes pending jobs; new data is checked by the processor of each job's type. Throws for a single id as {@link Queue.retry}.
   * @throws ValidationError: nothing was changed.
   */
  async edit(target: ChangeTarget, patch: JobPatch, options?: ChangeOptions): Promise<ChangeResult> {
    if (patch.data === undefined) return this.#change(target, { action: 'edit', patch }, options);
    const data = toJson('The edit', 'data', patch.data);
    if (this.#registry) await checkNewData(this.store, this.#registry, target, data);
    return this.#change(target, { action: 'edit', patch: { ...patch, data } }, options);
  }

  /** Jobs, templates and other definitions as the lines of a document, for a file or another store; see {@link exportAll}. */
  export(options?: ExportOptions): AsyncGenerator<string> {
    return exportAll(this.store, { clock: this.#clock, ...options });
  }

  /** Takes in a document that `export` wrote, jobs checked by the processors of this queue; see {@link importAll}. */
  import(lines: Lines, options?: ImportOptions): Promise<ImportResult> {
    return importAll(this.store, lines, { clock: this.#clock, validator: this.#registry, ...options });
  }

  /**
   * Takes a change back: `operation` of its result, or the newest one. Jobs that moved on since are left alone; the result tells which, and why.
   * @throws NoOperationError, NoHistoryError, UnsupportedError
   */
  undo(operation?: number, options: ChangeOptions = {}): Promise<UndoResult> {
    return this.store.undo({ ...(operation !== undefined && { operation }), ...options });
  }

  /** What happened to a job, also to one that left the store. @throws UnsupportedError */
  trail(id: string): Promise<Trail> {
    return this.store.trail(id);
  }

  /**
   * The queue as it was at a time, to look at; epoch milliseconds or a date.
   *
   * @example
   * ```ts
   * const counts = await queue.at(Date.now() - 3_600_000).counts();
   * ```
   */
  at(time: Date | number): PastQueue {
    return new PastQueue(this.store, typeof time === 'number' ? time : time.getTime());
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
      const specs = await toJobSpecs(jobs, (type) => this.#registry?.require(type), this.#clock.now());
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

  async #change(target: ChangeTarget, change: ChangeAction, options: ChangeOptions = {}): Promise<ChangeResult> {
    const result = await this.store.change({ change, target: toTarget(target), ...options });
    assertChanged(target, result);
    return result;
  }
}

/** The options of the job alone; none, if there are none. */
function jobOptionsOf(options: AddJobOptions | undefined): JobOptions | undefined {
  if (options === undefined) return undefined;
  const { onDuplicate: _ofTheCall, ...ofTheJob } = options;
  return ofTheJob;
}
