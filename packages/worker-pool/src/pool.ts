/**
 * The workers of a program, and the jobs that wait for one.
 *
 * @module
 */
import {
  type AnyProcessor,
  type Clock,
  InterruptedError,
  type JobContext,
  type Logger,
  type Timer,
} from '@leviathan/core';
import type { Carrier } from './carrier';
import { PooledWorker, type Target } from './pooled-worker';
import type { ChildStart } from './protocol';
import { Slices } from './slices';

/** What {@link Pool} works with. */
export interface PoolOptions {
  clock: Clock;
  /** Most workers at a time, of all processors together. */
  maxWorkers: number;
  /** Milliseconds after which a worker without a job is ended. */
  idleAfter: number;
  logger: Logger | undefined;
  /** Starts a worker. */
  launch: (start: ChildStart) => Carrier;
}

interface Waiting {
  /** Its place among all that wait. */
  number: number;
  context: JobContext;
  onPlaced: () => void;
  resolve: (result: Promise<unknown>) => void;
}

/** The workers of one processor, and the jobs that wait for one of them. */
interface Lane {
  target: Target;
  workers: Set<PooledWorker>;
  waiting: Waiting[];
}

/**
 * Each processor has workers of its own, all of them together a limit. A job gets an idle worker, else a new one while the limit allows
 * it, else a place in the emptiest. Where that fails it waits: a worker of another processor then ends after its jobs, to make room.
 */
export class Pool {
  readonly #options: PoolOptions;
  readonly #lanes = new Map<AnyProcessor, Lane>();
  /** Of all lanes, and those that are ending. */
  readonly #workers = new Set<PooledWorker>();
  readonly #slices = new Slices();
  readonly #idleTimers = new Map<PooledWorker, Timer>();
  #isPlacing = false;
  #number = 0;
  #crashes = 0;
  #isClosed = false;

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  /** What there is, for people. */
  get counts(): { workers: number; busy: number; jobs: number; queued: number; crashes: number } {
    const workers = [...this.#workers];
    return {
      workers: workers.length,
      busy: workers.filter(({ size }) => size > 0).length,
      jobs: workers.reduce((sum, { size }) => sum + size, 0),
      queued: [...this.#lanes.values()].reduce((sum, { waiting }) => sum + waiting.length, 0),
      crashes: this.#crashes,
    };
  }

  /** Runs one attempt; see `ModuleRunner.run`. */
  run(processor: AnyProcessor, context: JobContext, onPlaced: () => void): Promise<unknown> {
    const lane = this.#laneOf(processor);
    return new Promise((resolve, reject) => {
      const waiting = { number: this.#number++, context, onPlaced, resolve };
      lane.waiting.push(waiting);
      // Told to stop before it has begun.
      const leave = (): void => {
        const place = lane.waiting.indexOf(waiting);
        if (place < 0) return;
        lane.waiting.splice(place, 1);
        reject(context.signal.reason);
      };
      context.signal.addEventListener('abort', leave, { once: true });
      if (context.signal.aborted) leave();
      else this.#place();
    });
  }

  /** Ends all workers at once; what still runs in them is interrupted. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const lane of this.#lanes.values()) {
      for (const { resolve } of lane.waiting.splice(0)) resolve(Promise.reject(new InterruptedError()));
    }
    for (const timer of this.#idleTimers.values()) timer.cancel();
    for (const worker of this.#workers) worker.kill(new InterruptedError());
    await Promise.all([...this.#workers].map(({ ended }) => ended));
  }

  #laneOf(processor: AnyProcessor): Lane {
    let lane = this.#lanes.get(processor);
    if (!lane) {
      const { module, handler = 'default', isolation = {} } = processor;
      lane = { target: { module: String(module), handler, isolation }, workers: new Set(), waiting: [] };
      this.#lanes.set(processor, lane);
    }
    return lane;
  }

  /** Gives workers to those that wait: soon, and not to all of them at once. */
  #place(): void {
    if (this.#isPlacing) return;
    this.#isPlacing = true;
    this.#slices.add(() => {
      this.#isPlacing = false;
      if (!this.#isClosed && this.#placeOne()) this.#place();
    });
  }

  /** Who came first first, unless there is no room for it and there is for another one. */
  #placeOne(): boolean {
    const lanes = [...this.#lanes.values()].filter(({ waiting }) => waiting.length > 0);
    for (const lane of lanes.sort((a, b) => firstOf(a) - firstOf(b))) {
      const worker = this.#workerFor(lane);
      if (worker) {
        this.#start(lane, worker);
        return true;
      }
      this.#makeRoomFor(lane);
    }
    return false;
  }

  #workerFor(lane: Lane): PooledWorker | undefined {
    const [emptiest] = [...lane.workers].filter(({ hasRoom }) => hasRoom).sort((a, b) => a.size - b.size);
    if (emptiest?.size === 0 || this.#workers.size >= this.#options.maxWorkers) return emptiest;
    return this.#launch(lane);
  }

  #start(lane: Lane, worker: PooledWorker): void {
    const { context, onPlaced, resolve } = lane.waiting.shift() as Waiting;
    this.#idleTimers.get(worker)?.cancel();
    this.#idleTimers.delete(worker);
    onPlaced();
    resolve(worker.run(context));
  }

  /** A worker of others ends when its jobs have: an idle one, else the emptiest. */
  #makeRoomFor(lane: Lane): void {
    if (lane.workers.size > 0) return;
    const workers = [...this.#workers].sort((a, b) => a.size - b.size);
    // One that has no jobs left is as good as gone; of those that have, one is enough to wait for.
    if (workers.some(({ isRetired, size }) => isRetired && size === 0)) return;
    if (workers[0]?.size === 0 || !workers.some(({ isRetired }) => isRetired)) workers[0]?.retire();
  }

  #launch(lane: Lane): PooledWorker {
    const { clock, logger, launch } = this.#options;
    const { kind = 'process', nice = 0, memory, cpuTime } = lane.target.isolation;
    const worker: PooledWorker = new PooledWorker({
      carrier: launch({ kind, nice, memory, cpuTime }),
      target: lane.target,
      clock,
      logger,
      slices: this.#slices,
      onRoom: () => this.#onRoom(worker),
    });
    lane.workers.add(worker);
    this.#workers.add(worker);
    void worker.ended.then(({ crashed }) => {
      if (crashed) this.#crashes++;
      lane.workers.delete(worker);
      this.#workers.delete(worker);
      this.#idleTimers.get(worker)?.cancel();
      this.#idleTimers.delete(worker);
      this.#place();
    });
    return worker;
  }

  #onRoom(worker: PooledWorker): void {
    this.#place();
    if (worker.size > 0 || worker.isRetired || this.#isClosed) return;
    this.#idleTimers.set(
      worker,
      this.#options.clock.after(this.#options.idleAfter, () => worker.retire()),
    );
  }
}

function firstOf({ waiting: [first] }: Lane): number {
  return first?.number ?? Number.POSITIVE_INFINITY;
}
