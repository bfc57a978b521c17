/**
 * One worker of the pool, and the jobs that run in it.
 *
 * @module
 */
import {
  type Clock,
  CpuLimitError,
  InterruptedError,
  type Isolation,
  type JobContext,
  KILL_AFTER_MS,
  type Logger,
  type Timer,
} from '@leviathan/core';
import type { BirpcReturn } from 'birpc';
import type { Carrier, Ending } from './carrier';
import { watchCpu } from './cpu-watch';
import { crashOf } from './crash';
import { HostedJob } from './hosted-job';
import { Lines } from './lines';
import type { ChildFunctions, HostFunctions } from './protocol';
import { createRpc } from './rpc';
import type { Slices } from './slices';
import { fromWire } from './wire-error';

/** The handler that a worker runs. */
export interface Target {
  /** URL of the module, and which of its exports it is. */
  module: string;
  handler: string;
  isolation: Isolation;
}

/** What {@link PooledWorker} works with. */
export interface PooledWorkerOptions {
  carrier: Carrier;
  target: Target;
  clock: Clock;
  logger: Logger | undefined;
  /** Where what happens to many jobs at once is worked off. */
  slices: Slices;
  /** A job ended. */
  onRoom: () => void;
}

/** Sends attempts to a thread or a process, and sees to it that each comes to an end, whatever becomes of that. */
export class PooledWorker {
  /** Resolves when it is gone. */
  readonly ended: Promise<{ crashed: boolean }>;
  readonly #options: PooledWorkerOptions;
  readonly #killAfter: number;
  readonly #rpc: BirpcReturn<ChildFunctions, HostFunctions, false>;
  readonly #output: Lines[];
  readonly #jobs = new Map<number, HostedJob>();
  #count = 0;
  #isRetired = false;
  /** What its jobs fail of, but for those that are overdue; set when it is not its own doing that it ends. */
  #killedFor: Error | undefined;
  #killTimer: Timer | undefined;
  /** The exception that ends it. */
  #exception: unknown;
  #endCpuWatch: (() => void) | undefined;

  constructor(options: PooledWorkerOptions) {
    const { carrier, target } = options;
    this.#options = options;
    this.#killAfter = target.isolation.killAfter ?? KILL_AFTER_MS;
    this.#rpc = createRpc<ChildFunctions, HostFunctions>(carrier, {
      call: async (key, name, args, refs) => {
        const job = this.#jobs.get(key);
        if (!job) throw new Error('This attempt has ended.');
        return job.call(name, args, refs);
      },
      tell: (key, tells) => this.#jobs.get(key)?.tell(tells),
      began: (key, thread) => this.#began(key, thread),
      dying: (error) => {
        this.#exception = fromWire(error);
      },
    });
    this.#output = (['stdout', 'stderr'] as const).map((stream) => {
      const lines = new Lines((line) => this.#printed(line, stream));
      carrier.output[stream]?.on('data', (chunk: Buffer | string) => lines.push(chunk));
      return lines;
    });
    this.ended = carrier.ended.then((ending) => this.#ended(ending));
  }

  /** Jobs that run in it. */
  get size(): number {
    return this.#jobs.size;
  }

  /** Whether it takes another job. */
  get hasRoom(): boolean {
    return !this.#isRetired && this.#jobs.size < (this.#options.target.isolation.jobsPerWorker ?? 1);
  }

  /** Whether it takes no more jobs, and ends with those that it has. */
  get isRetired(): boolean {
    return this.#isRetired;
  }

  /** Runs one attempt; see `ModuleRunner.run`. */
  run(context: JobContext): Promise<unknown> {
    const { clock, slices, target } = this.#options;
    const { module, handler } = target;
    const key = ++this.#count;
    const job = new HostedJob({
      context,
      clock,
      killAfter: this.#killAfter,
      onAbort: (reason) => slices.add(() => void this.#rpc.$callEvent('abort', key, reason).catch(() => {})),
      onCallback: (ref, args) => this.#rpc.$call('callback', key, ref, args),
      onOverdue: () => this.#overdue(),
    });
    this.#jobs.set(key, job);
    const { job: record, input, lastCheckpoint } = context;
    this.#rpc.$call('run', { key, module, handler, job: record, input, lastCheckpoint }).then(
      ({ value, memory }) => this.#left(key, () => job.returned(value), this.#isUsedUp(memory)),
      (error: unknown) => this.#left(key, () => job.threw(error), isModuleFault(error)),
    );
    return job.result;
  }

  /** Takes no more jobs; ends when those that run have ended. */
  retire(): void {
    this.#isRetired = true;
    if (this.#jobs.size === 0) this.kill(new InterruptedError());
  }

  /** Ends it now. @param reason What its jobs fail of. */
  kill(reason: Error): void {
    this.#isRetired = true;
    this.#killedFor ??= reason;
    this.#options.carrier.kill();
  }

  /** A handler ignores its signal. The others here have as long again to end, unless all are like it. */
  #overdue(): void {
    this.#isRetired = true;
    this.#killTimer ??= this.#options.clock.after(this.#killAfter, () => this.kill(new InterruptedError()));
    this.#killIfDone();
  }

  #killIfDone(): void {
    if ([...this.#jobs.values()].every((job) => job.isOverdue)) this.kill(new InterruptedError());
  }

  #left(key: number, settle: () => void, isUsedUp: boolean): void {
    this.#endCpuWatch?.();
    if (isUsedUp) this.#isRetired = true;
    // In a later turn: what it printed last is in the pipe already, and read in this one.
    this.#options.slices.add(() => {
      if (!this.#jobs.has(key)) return;
      for (const lines of this.#output) lines.flush();
      this.#jobs.delete(key);
      settle();
      if (this.#isRetired) this.#killIfDone();
      this.#options.onRoom();
    });
  }

  #ended(ending: Ending): { crashed: boolean } {
    this.#endCpuWatch?.();
    this.#killTimer?.cancel();
    for (const lines of this.#output) lines.flush();
    const { carrier, logger, target } = this.#options;
    const isKilled = this.#killedFor instanceof InterruptedError;
    const error = this.#killedFor ?? crashOf({ ...ending, error: this.#exception ?? ending.error }, target.isolation);
    const jobs = [...this.#jobs.values()];
    this.#isRetired = true;
    this.#jobs.clear();
    this.#rpc.$close();
    if (!isKilled)
      logger?.warn(`worker pool: ${carrier.name} with ${jobs.length} jobs of ${target.module}: ${error.message}`);
    for (const job of jobs) job.lost(error);
    return { crashed: !isKilled };
  }

  /** The clock of its attempt starts; a process keeps that of its own. */
  #began(key: number, thread: number | undefined): void {
    const { cpuTime } = this.#options.target.isolation;
    if (cpuTime === undefined || thread === undefined || !this.#jobs.has(key)) return;
    this.#endCpuWatch = watchCpu(thread, cpuTime, () => this.kill(new CpuLimitError(cpuTime)));
  }

  /** It is the job's that runs, where one alone does. */
  #printed(line: string, stream: 'stdout' | 'stderr'): void {
    const [job, another] = this.#jobs.values();
    if (job && !another) job.printed(line, stream);
    else this.#options.logger?.warn(`worker pool: ${this.#options.carrier.name}: ${line}`);
  }

  #isUsedUp(memory: number): boolean {
    const { recycle = {}, memory: limit = Number.POSITIVE_INFINITY } = this.#options.target.isolation;
    return this.#count >= (recycle.jobs ?? Number.POSITIVE_INFINITY) || memory > (recycle.memory ?? limit / 2);
  }
}

/** A module that failed once fails in this worker for good: the engine remembers. */
function isModuleFault(error: unknown): boolean {
  return (error as { code?: unknown } | undefined)?.code === 'MODULE';
}
