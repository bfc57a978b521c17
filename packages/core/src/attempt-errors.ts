/**
 * What handlers throw and are told: how an attempt ends.
 *
 * @module
 */
import { LeviathanError } from './base-error';

/**
 * Two steps of one attempt have the same name, so that the second would get the result of the first. `ctx.step` and `ctx.children` reject
 * with it; give each a name of its own, in a loop with the number of the round.
 */
export class DuplicateStepError extends LeviathanError {
  constructor(name: string) {
    super('DUPLICATE_STEP', `This attempt has had a step ${JSON.stringify(name)} already: each needs its own name.`);
  }
}

/**
 * No failure: `ctx.children` rejects with it to end the handler, whose job goes back to pending until its children have ended. Let it pass;
 * what the handler does in `finally` is done.
 */
export class WaitingError extends LeviathanError {
  constructor(id: string) {
    super('WAITING', `Job ${id} goes back to wait for the jobs that it added. Let this error pass.`);
  }
}

/** Throw it in a handler: the job fails now, whatever attempts are left. */
export class UnrecoverableError extends LeviathanError {
  constructor(message: string, options?: { cause?: unknown }) {
    super('UNRECOVERABLE', message, options);
  }
}

/** Throw it in a handler: the attempt failed, and the next one (if any is left) starts at this time instead of after the backoff. */
export class RetryAtError extends LeviathanError {
  /** Epoch milliseconds. */
  readonly at: number;

  constructor(at: Date | number, message: string, options?: { cause?: unknown }) {
    super('RETRY_AT', message, options);
    this.at = typeof at === 'number' ? at : at.getTime();
  }
}

/** Throw it in a handler: it is too early. The job goes back to pending for so long, and its attempt is not counted. */
export class SnoozeError extends LeviathanError {
  /** Milliseconds. */
  readonly delay: number;

  /** @throws RangeError when `delay` is no finite number of 0 or more */
  constructor(delay: number, message = `The job was put off for ${delay} ms.`, options?: { cause?: unknown }) {
    if (!(Number.isFinite(delay) && delay >= 0))
      throw new RangeError(`SnoozeError: ${delay} is no time in milliseconds.`);
    super('SNOOZE', message, options);
    this.delay = delay;
  }
}

/** The reason of `ctx.signal` when the attempt took longer than its timeout. */
export class TimeoutError extends LeviathanError {
  constructor(ms: number) {
    super('TIMEOUT', `The attempt took longer than its timeout of ${ms} ms.`);
  }
}

/** The reason of `ctx.signal` when somebody cancelled the job. */
export class CancelledError extends LeviathanError {
  constructor() {
    super('CANCELLED', 'The job was cancelled.');
  }
}

/** The reason of `ctx.signal` when the worker shuts down; the job goes back to pending and its attempt is not counted. */
export class ShutdownError extends LeviathanError {
  constructor() {
    super('SHUTDOWN', 'The worker is shutting down.');
  }
}

/**
 * The worker that ran the job died: it exited, an exception was caught by nobody, or somebody killed it. The attempt failed, its job is
 * tried again as after other failures; `cause` is the exception, where there was one.
 */
export class WorkerCrashError extends LeviathanError {
  /** Of a worker that exited. */
  readonly exitCode: number | undefined;
  /** What killed it, for example `SIGKILL`. */
  readonly signal: string | undefined;

  constructor(
    how: string,
    options: { exitCode?: number | undefined; signal?: string | undefined; cause?: unknown } = {},
  ) {
    super('WORKER_CRASHED', `The worker that ran the job died: ${how}.`, options);
    this.exitCode = options.exitCode;
    this.signal = options.signal;
  }
}

/** The worker used more memory than its processor's `isolation.memory` and was killed; the attempt failed. */
export class MemoryLimitError extends LeviathanError {
  constructor(limit: number | undefined, options?: { cause?: unknown }) {
    const what = limit === undefined ? 'ran out of memory' : `used more than its ${limit} MB of memory`;
    super('MEMORY_LIMIT', `The worker that ran the job ${what} and was ended.`, options);
  }
}

/** The attempt used more processor time than its processor's `isolation.cpuTime`, and its worker was killed; the attempt failed. */
export class CpuLimitError extends LeviathanError {
  constructor(ms: number) {
    super('CPU_LIMIT', `The attempt used more than its ${ms} ms of processor time, and its worker was ended.`);
  }
}

/** The module that a processor names cannot be loaded, or does not export its handler; the attempt failed. `cause` says why. */
export class ModuleLoadError extends LeviathanError {
  constructor(module: string, why: string, options?: { cause?: unknown }) {
    super('MODULE', `The module ${module} cannot be used: ${why}.`, options);
  }
}

/** The worker was needed no more, or a job that shared it had to be killed: this job goes back to pending, its attempt is not counted. */
export class InterruptedError extends LeviathanError {
  constructor() {
    super('INTERRUPTED', 'The worker of this job was ended for a reason that is not the job.');
  }
}
