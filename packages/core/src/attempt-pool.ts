/**
 * The attempts that a worker has under way.
 *
 * @module
 */
import { Attempt, type AttemptHost } from './attempt';
import type { AbortReason } from './attempt-end';
import { CheckedSpec } from './checked-spec';
import type { Clock } from './clock';
import { UnknownTypeError, UnsupportedError } from './errors';
import { describeFailure } from './failure';
import type { ChildJob, Job, JobSpec } from './job';
import { toJobSpecs } from './job-spec';
import { enqueueChildren } from './middleware/enqueue';
import { layersOf, type Middleware } from './middleware/middleware';
import { runThrough } from './middleware/run';
import { settleThrough } from './middleware/settle';
import type { ModuleRunner } from './module-runner';
import { oncePerTurn } from './next-turn';
import type { ProcessorRegistry } from './processor-registry';
import { Reports } from './reports';
import { Settlements } from './settlements';
import type { Slots } from './slots';
import type { ClaimedJob, JobStore, Settlement } from './store';

/** What {@link AttemptPool} works with. */
export interface AttemptPoolOptions {
  store: JobStore;
  clock: Clock;
  registry: ProcessorRegistry;
  slots: Slots;
  stuckAfter: number;
  /** Code around handlers, outcomes, and the jobs that handlers wait for. */
  middleware: readonly Middleware[] | undefined;
  modules: ModuleRunner | undefined;
  /** Slots became free, or outcomes were acknowledged. Called once per turn of the event loop at most. */
  onRoom: () => void;
  onError: (error: unknown) => void;
  /** A handler runs on though its attempt was given up. */
  onStuck: (attempt: Attempt) => void;
  /** Such a handler ended after all. */
  onLate: (job: Job, outcome: 'completed' | 'failed') => void;
  /** The store refused the outcome: the job was not this worker's any more. */
  onRefused: (id: string) => void;
}

/**
 * Runs claimed jobs. A slot is free as soon as its handler has ended: its outcome goes to the store with those of the same turn, while the
 * next jobs run already.
 */
export class AttemptPool implements AttemptHost {
  readonly clock: Clock;
  readonly stuckAfter: number;
  readonly around: AttemptHost['around'];
  readonly modules: ModuleRunner | undefined;
  readonly reports: Reports;
  readonly settlements: Settlements;
  readonly #options: AttemptPoolOptions;
  /** Leads an outcome through the middleware; `undefined` when there is none. */
  readonly #settle: ((settlement: Settlement) => void) | undefined;
  /** Leads children through the middleware; `undefined` when there is none. */
  readonly #enqueue: ReturnType<typeof enqueueChildren> | undefined;
  readonly #running = new Map<string, Attempt>();
  /** Attempts that were given up and whose handlers still run. */
  readonly #stuck = new Set<Attempt>();
  /** Jobs whose cancellation came before the answer to the claim that brought them; with the number of the attempt. */
  readonly #earlyCancels = new Map<string, number | undefined>();
  #closed = false;
  #onIdle: (() => void)[] = [];

  constructor(options: AttemptPoolOptions) {
    this.#options = options;
    this.clock = options.clock;
    this.stuckAfter = options.stuckAfter;
    this.modules = options.modules;
    const { store, clock, middleware, onError, onRefused } = options;
    const runLayers = layersOf(middleware, 'run');
    this.around = runLayers && runThrough(runLayers);
    const schedule = oncePerTurn(() => this.#turn());
    this.reports = new Reports({ store, clock, onError, schedule });
    this.settlements = new Settlements({ store, clock, onError, onRefused, onAcknowledged: schedule, schedule });
    const hand = (settlement: Settlement) => this.settlements.hand(settlement);
    const settleLayers = layersOf(middleware, 'settle');
    this.#settle = settleLayers && settleThrough(settleLayers, { clock, hand, error: onError });
    const enqueueLayers = layersOf(middleware, 'enqueue');
    this.#enqueue = enqueueLayers && enqueueChildren(enqueueLayers, options);
  }

  get size(): number {
    return this.#running.size;
  }

  /** How many handlers run on after their attempts were given up. */
  get stuckCount(): number {
    return this.#stuck.size;
  }

  get ids(): string[] {
    return [...this.#running.keys()];
  }

  /** Starts the handlers of claimed jobs; once closed, gives the jobs back. */
  admit(claimed: ClaimedJob[]): void {
    if (this.#closed) this.giveBack(claimed);
    else for (const claim of claimed) this.#start(claim);
    // An early cancel is for a job of the claim that was outstanding then, which is this one.
    this.#earlyCancels.clear();
  }

  /** Claimed jobs that are not to run here: back to pending. */
  giveBack(claimed: ClaimedJob[]): void {
    for (const { job, token } of claimed) this.settlements.add({ id: job.id, token, outcome: 'released' });
  }

  /** Somebody cancelled a job of this worker. */
  cancel(id: string, number: number | undefined): void {
    const attempt = this.#running.get(id);
    if (!attempt) this.#earlyCancels.set(id, number);
    else if (number === undefined || number === attempt.number) attempt.cancel();
  }

  abortAll(reason: AbortReason): void {
    for (const attempt of [...this.#running.values()]) attempt.abort(reason);
  }

  giveUpAll(): void {
    for (const attempt of [...this.#running.values()]) attempt.giveUp();
  }

  /** Takes no more jobs. */
  close(): void {
    this.#closed = true;
  }

  /** Resolves when no attempt is under way. */
  idle(): Promise<void> {
    if (this.#running.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#onIdle.push(resolve));
  }

  ended(attempt: Attempt, settlement: Settlement): void {
    this.#running.delete(attempt.id);
    this.#options.slots.release(attempt.type);
    // Its last words before its outcome: both go out in the same turn, in this order.
    this.reports.end(attempt);
    if (this.#settle) {
      this.settlements.expect();
      this.#settle(settlement);
    } else {
      this.settlements.add(settlement);
    }
    if (attempt.handlerRuns) {
      this.#stuck.add(attempt);
      this.#options.onStuck(attempt);
    }
    if (this.#running.size === 0) for (const resolve of this.#onIdle.splice(0)) resolve();
  }

  late(attempt: Attempt, outcome: 'completed' | 'failed'): void {
    this.#stuck.delete(attempt);
    this.#options.onLate(attempt.job, outcome);
  }

  error(error: unknown): void {
    this.#options.onError(error);
  }

  get(ids: string[]): Promise<(Job | null)[]> {
    return this.#options.store.get(ids);
  }

  /** Types that this worker does not run are taken unchecked: others may run them. */
  async specsOf(jobs: readonly ChildJob[]): Promise<JobSpec[]> {
    const { store, registry, clock } = this.#options;
    const { name, dependencies } = store.capabilities;
    if (!dependencies) throw new UnsupportedError(name, 'let a job wait for others');
    const specs = await toJobSpecs(jobs, (type) => registry.get(type), clock.now());
    const plain = specs.map((spec) => CheckedSpec.plain(spec));
    return this.#enqueue ? this.#enqueue(plain) : plain;
  }

  #start(claim: ClaimedJob): void {
    const { id, type } = claim.job;
    const processor = this.#options.registry.get(type);
    if (!processor) {
      const error = describeFailure(new UnknownTypeError(type, this.#options.registry.types()));
      this.settlements.add({ id, token: claim.token, outcome: 'failed', reason: 'error', error });
      return;
    }
    this.#options.slots.take(type);
    const attempt = new Attempt(claim, processor, this);
    this.#running.set(id, attempt);
    if (this.#earlyCancels.size > 0 && this.#earlyCancels.has(id)) this.cancel(id, this.#earlyCancels.get(id));
    attempt.start();
  }

  #turn(): void {
    this.reports.flush();
    this.settlements.flush();
    this.#options.onRoom();
  }
}
