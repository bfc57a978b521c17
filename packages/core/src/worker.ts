/**
 * What runs jobs.
 *
 * @module
 */
import type { Attempt } from './attempt';
import { AttemptPool } from './attempt-pool';
import { Claims } from './claims';
import { type Clock, systemClock } from './clock';
import { Emitter, type ListenerOf } from './emitter';
import { LeviathanError, ShutdownError, StoreWriteError } from './errors';
import type { Job } from './job';
import type { Logger } from './logger';
import { claimOf } from './middleware/claim';
import type { Middleware } from './middleware/middleware';
import { assertRunnable, type ModuleRunner } from './module-runner';
import type { AnyProcessor } from './processor';
import { ProcessorRegistry } from './processor-registry';
import type { ServiceHealth } from './service';
import { Slots } from './slots';
import type { JobStore, StoreEvent, Subscription } from './store';
import { within } from './within';
import { newWorkerName } from './worker-name';
import { assertSettings, type WorkerSettings } from './worker-settings';

export type { WorkerSettings } from './worker-settings';

/** Options of {@link Worker}. */
export interface WorkerOptions extends WorkerSettings {
  /** Opened by the start; whoever made it closes it. */
  store: JobStore;
  processors: readonly AnyProcessor[] | ProcessorRegistry;
  /** Code around `claim`, `run` and `settle`, and around `enqueue` of children; the outermost first. */
  middleware?: readonly Middleware[];
  /** Runs the handlers of processors that name a module; whoever made it starts it before the worker and stops it afterwards. */
  modules?: ModuleRunner;
  clock?: Clock;
}

/** What a worker tells of itself. What happens to jobs is told by the queue's events. */
export interface WorkerEvents {
  /** The store failed (the worker goes on trying), or a listener, middleware or a backoff function did. */
  error: [error: unknown];
  /** A handler ignores its abort signal; its attempt was ended without it. */
  stuck: [event: { job: Job; reason: 'timeout' | 'cancelled' | 'shutdown' }];
  /** A handler ended whose attempt had been ended before; its outcome is void. */
  late: [event: { job: Job; outcome: 'completed' | 'failed' }];
  /** The store refused an outcome: the job had been taken from this worker. */
  refused: [event: { id: string }];
}

/** How long handlers have after a shutdown aborted them. */
const SHUTDOWN_GRACE_MS = 1_000;

/** How long a shutdown waits for a store that does not take the last outcomes. */
const FLUSH_MS = 5_000;

/** The longest interval that timers know. */
const FOREVER_MS = 2 ** 31 - 1;

/**
 * Claims jobs and runs their processors' handlers. A started worker keeps the process alive until it is stopped.
 *
 * @example
 * ```ts
 * const worker = new Worker({ store, processors: [resize], concurrency: 4 });
 * await worker.start();
 * process.once('SIGTERM', () => worker.stop({ timeout: 20_000 }));
 * ```
 */
export class Worker {
  readonly name: string;
  readonly #store: JobStore;
  readonly #clock: Clock;
  readonly #emitter = new Emitter<WorkerEvents>();
  readonly #slots: Slots;
  readonly #pool: AttemptPool;
  readonly #claims: Claims;
  #state: 'new' | 'running' | 'stopping' | 'stopped' = 'new';
  #starting: Promise<void> | undefined;
  #stopping: Promise<void> | undefined;
  #cancels: Subscription | undefined;
  #keepAlive: ReturnType<typeof setInterval> | undefined;

  /** @throws ValidationError */
  constructor(options: WorkerOptions) {
    const { store, processors, middleware, modules, clock = systemClock, concurrency = 10, logger } = options;
    const { maxUnacknowledged = 1_000, stuckAfter = 5_000, name = newWorkerName() } = options;
    assertSettings({ concurrency, maxUnacknowledged, stuckAfter });
    const registry = processors instanceof ProcessorRegistry ? processors : new ProcessorRegistry(processors);
    assertRunnable(registry, modules);
    this.name = name;
    this.#store = store;
    this.#clock = clock;
    this.#slots = new Slots(concurrency, registry, modules);
    const onError = (error: unknown): void => this.#emitter.emit('error', error);
    this.#pool = new AttemptPool({
      store,
      clock,
      registry,
      slots: this.#slots,
      stuckAfter,
      middleware,
      modules,
      onRoom: () => this.#claims.pump(),
      onError,
      onStuck: (attempt) => this.#emitter.emit('stuck', { job: attempt.job, reason: reasonOf(attempt) }),
      onLate: (job, outcome) => this.#emitter.emit('late', { job, outcome }),
      onRefused: (id) => this.#emitter.emit('refused', { id }),
    });
    this.#claims = new Claims({
      claim: claimOf(store, middleware, { clock, giveBack: (jobs) => this.#pool.giveBack(jobs), error: onError }),
      clock,
      worker: name,
      slots: this.#slots,
      budget: () => maxUnacknowledged - this.#pool.settlements.unacknowledged,
      onJobs: (jobs) => this.#pool.admit(jobs),
      onError,
    });
    if (logger) this.#logTo(logger);
  }

  /** Jobs whose handlers run. */
  get running(): number {
    return this.#pool.size;
  }

  /** Listens; a listener that throws is reported as `error` and breaks nothing. */
  on<K extends keyof WorkerEvents>(event: K, listener: ListenerOf<WorkerEvents, K>): this {
    this.#emitter.on(event, listener);
    return this;
  }

  /** {@link Worker.on}, for one event. */
  once<K extends keyof WorkerEvents>(event: K, listener: ListenerOf<WorkerEvents, K>): this {
    this.#emitter.once(event, listener);
    return this;
  }

  /** Takes a listener off again. */
  off<K extends keyof WorkerEvents>(event: K, listener: ListenerOf<WorkerEvents, K>): this {
    this.#emitter.off(event, listener);
    return this;
  }

  /**
   * Opens the store and begins to claim jobs; again is harmless.
   * @throws StoreError when the store cannot be opened; LeviathanError (`STOPPED`) after a stop.
   */
  start(): Promise<void> {
    if (this.#stopping) {
      return Promise.reject(new LeviathanError('STOPPED', 'This worker was stopped. Make a new one to go on.'));
    }
    this.#starting ??= this.#start();
    return this.#starting;
  }

  /**
   * Claims no more jobs, lets the running ones end, and resolves when every outcome is with the store.
   *
   * Handlers that take longer than `timeout` are told to stop by their signal (`ShutdownError`) and have another second for that; then
   * their jobs go back to pending, without an attempt spent.
   *
   * @param options `timeout`: milliseconds for the running handlers, 10,000 by default; 0 tells them to stop at once.
   * @throws StoreWriteError when the store would not take the last outcomes within some seconds more: those jobs will run again.
   */
  stop({ timeout = 10_000 }: { timeout?: number } = {}): Promise<void> {
    this.#stopping ??= this.#stop(timeout);
    return this.#stopping;
  }

  /** How it is doing: `degraded` while handlers ignore their signal or the store fails, `failed` once the store is closed. */
  health(): ServiceHealth {
    const { fault, unacknowledged } = this.#pool.settlements;
    const stuck = this.#pool.stuckCount;
    const details = { concurrency: this.#slots.size, running: this.running, stuck, unacknowledged };
    const problems: string[] = [];
    if (stuck > 0)
      problems.push(`${stuck} ${stuck === 1 ? 'handler ignores its' : 'handlers ignore their'} abort signal.`);
    if (fault !== undefined) problems.push(`The store takes no outcomes (${unacknowledged} wait): ${messageOf(fault)}`);
    if (this.#claims.fault !== undefined) problems.push(`The store gives no jobs: ${messageOf(this.#claims.fault)}`);
    if (this.#state !== 'running') return { status: 'stopped', problems: [], details };
    const status = this.#claims.closed ? 'failed' : problems.length > 0 ? 'degraded' : 'ok';
    return { status, problems, details };
  }

  async #start(): Promise<void> {
    try {
      await this.#store.open();
      const wanted = { kinds: ['cancelling' as const, 'reset' as const], worker: this.name };
      this.#cancels = await this.#store.subscribe(wanted, (events) => this.#hear(events));
    } catch (error) {
      // May be tried again.
      this.#starting = undefined;
      throw error;
    }
    if (this.#stopping) return;
    this.#state = 'running';
    // Timers of the clock and claims that wait keep no process alive; without this one a program would end before its retries.
    this.#keepAlive = setInterval(() => {}, FOREVER_MS);
    this.#claims.start();
  }

  async #stop(timeout: number): Promise<void> {
    const deadline = this.#clock.monotonic() + timeout;
    const left = (): number => deadline - this.#clock.monotonic();
    await this.#starting?.catch(() => {});
    this.#state = 'stopping';
    try {
      this.#pool.close();
      await within(this.#clock, this.#claims.stop(), Math.max(left(), SHUTDOWN_GRACE_MS));
      if (!(await within(this.#clock, this.#pool.idle(), left()))) {
        this.#pool.abortAll(new ShutdownError());
        await within(this.#clock, this.#pool.idle(), SHUTDOWN_GRACE_MS);
        this.#pool.giveUpAll();
      }
      await this.#flush();
    } finally {
      this.#pool.reports.stop();
      clearInterval(this.#keepAlive);
      await within(this.#clock, this.#leave(), FLUSH_MS);
      this.#state = 'stopped';
    }
  }

  /** Tells the store that this worker takes no more jobs, and gives back what it may have been given without ever hearing of it. */
  async #leave(): Promise<void> {
    if (!this.#cancels || this.#claims.closed) return;
    try {
      await this.#cancels.close();
      await this.#store.takeBack([this.name], 'released');
    } catch (error) {
      this.#emitter.emit('error', error);
    }
  }

  async #flush(): Promise<void> {
    const { settlements } = this.#pool;
    settlements.hurry();
    if (await within(this.#clock, settlements.drained(), FLUSH_MS)) return;
    const count = settlements.unacknowledged;
    const { fault } = settlements;
    settlements.abandon();
    throw new StoreWriteError(
      `The store did not take the outcomes of ${count} ended jobs before the worker stopped; they will run again.`,
      fault,
    );
  }

  #hear(events: StoreEvent[]): void {
    for (const { kind, id, attempt } of events) {
      if (kind === 'reset') void this.#readCancels();
      else if (id !== undefined) this.#pool.cancel(id, attempt);
    }
  }

  /** Events are missing: the state tells what they would have told. */
  async #readCancels(): Promise<void> {
    try {
      for (const job of await this.#store.get(this.#pool.ids)) {
        if (job?.cancelling && job.worker === this.name) this.#pool.cancel(job.id, job.attempt);
      }
    } catch (error) {
      this.#emitter.emit('error', error);
    }
  }

  #logTo(logger: Logger): void {
    const who = `worker ${this.name}`;
    this.on('error', (error) => logger.error(`${who}: ${messageOf(error)}`, { error }));
    this.on('stuck', ({ job, reason }) => logger.warn(`${who}: job ${job.id} ignores its abort signal (${reason})`));
    this.on('late', ({ job, outcome }) =>
      logger.warn(`${who}: job ${job.id} ended too late (${outcome}), which is ignored`),
    );
    this.on('refused', ({ id }) => logger.warn(`${who}: job ${id} was taken from it, its outcome was refused`));
  }
}

function reasonOf(attempt: Attempt): 'timeout' | 'cancelled' | 'shutdown' {
  if (attempt.abortReason?.code === 'TIMEOUT') return 'timeout';
  return attempt.abortReason?.code === 'CANCELLED' ? 'cancelled' : 'shutdown';
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
