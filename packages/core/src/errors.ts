/**
 * Every error that Leviathan throws on purpose. Catch by class, or by the stable `code` where a class is lost on the way
 * (another process, a serialised log).
 *
 * @module
 */

/** One fault in a value, and where it is. */
export interface Issue {
  /** Path of the fault from the root of the value, for example `['data', 'urls', 0]`. */
  path: (string | number)[];
  message: string;
}

/** Base of all errors of Leviathan. `code` never changes between versions; messages may. */
export class LeviathanError extends Error {
  readonly code: string;

  constructor(code: string, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/**
 * A job, a filter or an option is not valid: nothing was written. Thrown by `add`, `change`, `list` and by constructors.
 * `issues` names each fault with its path.
 */
export class ValidationError extends LeviathanError {
  readonly issues: Issue[];

  constructor(subject: string, issues: Issue[], options?: { cause?: unknown }) {
    super('INVALID', `${subject} is not valid: ${issues.map(formatIssue).join('; ')}`, options);
    this.issues = issues;
  }
}

/** No processor of this type is registered. Thrown by `add` of a Leviathan that knows its processors. */
export class UnknownTypeError extends LeviathanError {
  constructor(type: string, known: readonly string[]) {
    const list = known.length > 0 ? `known types: ${known.join(', ')}` : 'no processor is registered';
    super('UNKNOWN_TYPE', `There is no processor for jobs of type ${JSON.stringify(type)} (${list}).`);
  }
}

/** A job holds this id or key already, and the caller asked for an error instead of the existing job. Nothing was written. */
export class DuplicateJobError extends LeviathanError {
  readonly jobId: string;

  constructor(jobId: string, what: 'id' | 'key', value: string) {
    super('DUPLICATE', `Job ${jobId} holds the ${what} ${JSON.stringify(value)} already.`);
    this.jobId = jobId;
  }
}

/** `dependsOn` forms a cycle, so none of these jobs could ever run. Nothing was written. */
export class CycleError extends LeviathanError {
  readonly cycle: string[];

  constructor(cycle: string[]) {
    super('CYCLE', `These jobs wait for each other in a cycle: ${cycle.join(' -> ')}.`);
    this.cycle = cycle;
  }
}

/** The job's JSON is larger than the store takes. Put the bulk into a file and its path into the job. Nothing was written. */
export class JobTooLargeError extends LeviathanError {
  constructor(what: string, bytes: number, limit: number) {
    super(
      'TOO_LARGE',
      `${what} has ${bytes} bytes of JSON, the limit is ${limit}. Keep the bulk in a file and put its path into the job.`,
    );
  }
}

/** There is no job with this id (any more). Thrown by calls on a single job. */
export class JobNotFoundError extends LeviathanError {
  constructor(id: string) {
    super('NOT_FOUND', `There is no job ${JSON.stringify(id)}.`);
  }
}

/** There is no definition of this kind and name (any more), for example no such template or schedule. Thrown by calls that name one. */
export class DefinitionNotFoundError extends LeviathanError {
  constructor(kind: string, name: string) {
    super('NO_DEFINITION', `There is no ${kind} ${JSON.stringify(name)}.`);
  }
}

/** A change cannot be made to this job in its present state, for example a retry of a completed job. */
export class JobStateError extends LeviathanError {
  constructor(id: string, message: string) {
    super('STATE', `Job ${id}: ${message}`);
  }
}

/** The awaited job ended in `failed`. Thrown by `JobHandle.result()`; `reason` and `errors` say why. */
export class JobFailedError extends LeviathanError {
  readonly jobId: string;
  readonly reason: string;

  constructor(jobId: string, reason: string, message: string) {
    super('JOB_FAILED', `Job ${jobId} failed (${reason}): ${message}`);
    this.jobId = jobId;
    this.reason = reason;
  }
}

/** The awaited job did not end in time; it goes on regardless. Thrown by `wait` and `result` with a `timeout`. */
export class WaitTimeoutError extends LeviathanError {
  readonly jobId: string;

  constructor(jobId: string, ms: number) {
    super('WAIT_TIMEOUT', `Job ${jobId} did not end within ${ms} ms. It goes on; wait again, or cancel it.`);
    this.jobId = jobId;
  }
}

/** What is to be imported is no document of Leviathan, or one of a newer version. Nothing of it was imported. */
export class ImportFormatError extends LeviathanError {
  constructor(message: string, options?: { cause?: unknown }) {
    super('IMPORT_FORMAT', `This cannot be imported. ${message}`, options);
  }
}

/**
 * Something is there already that differs from what is to be imported, and the caller asked for an error then. Batches before it were
 * imported: a dry run finds all conflicts first.
 */
export class ImportConflictError extends LeviathanError {
  constructor(kind: string, name: string, reason: string) {
    super('IMPORT_CONFLICT', `The ${kind} ${JSON.stringify(name)} cannot be imported: ${reason}.`);
  }
}

/** Services failed to start or to stop; `cause` is the error, or an `AggregateError` of all of them. */
export class ServiceError extends LeviathanError {
  constructor(message: string, cause: unknown) {
    super('SERVICE', message, { cause });
  }
}

/** The steps of a job around which middleware can stand. */
export type MiddlewareStep = 'enqueue' | 'claim' | 'run' | 'settle';

/**
 * Middleware did what it must not, or failed where nobody can be told: the `error` events of queue and worker report it; `add` throws it
 * when it passed on another number of jobs. `cause` is what the middleware threw.
 */
export class MiddlewareError extends LeviathanError {
  readonly step: MiddlewareStep;

  constructor(step: MiddlewareStep, message: string, options?: { cause?: unknown }) {
    super('MIDDLEWARE', `Middleware around ${step}: ${message}`, options);
    this.step = step;
  }
}

/** The store cannot be opened, or can no longer be used; the message says what to do. */
export class StoreError extends LeviathanError {}

/** The store is closed. Thrown by each call after `close()`, and by calls that were waiting. */
export class StoreClosedError extends StoreError {
  constructor(message = 'The store is closed.') {
    super('CLOSED', message);
  }
}

/**
 * The store could not write: disk full, read-only, an I/O error. The call left no half state; it may be made again when the cause
 * (`cause.code`, for example `ENOSPC`) is gone.
 */
export class StoreWriteError extends StoreError {
  constructor(message: string, cause: unknown) {
    super('WRITE_FAILED', message, { cause });
  }
}

/** The folder was written by a newer version of Leviathan. Nothing was touched; upgrade to open it. */
export class StoreFormatError extends StoreError {
  constructor(found: string, supported: string) {
    super(
      'FORMAT',
      `The store has format ${found}, this version reads up to ${supported}. Nothing was changed; upgrade Leviathan.`,
    );
  }
}

/** The other side of a connection went away, or speaks another protocol version. */
export class ConnectionError extends StoreError {
  constructor(message: string, options?: { cause?: unknown }) {
    super('CONNECTION', message, options);
  }
}

/** The store does not have this feature; its `capabilities` say so too. */
export class UnsupportedError extends StoreError {
  constructor(store: string, feature: string) {
    super('UNSUPPORTED', `The ${store} store cannot ${feature}.`);
  }
}

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

/** The time, or the change, lies before what the store remembers. Thrown by `stateAt` and `undo`. */
export class NoHistoryError extends StoreError {
  /** The earliest time that can be told: ISO 8601, UTC; left out when none can. */
  readonly earliest?: string;

  constructor(earliest: string | undefined) {
    const from = earliest === undefined ? 'nothing is kept' : `what is kept begins at ${earliest}`;
    super('NO_HISTORY', `The state of that time cannot be told: ${from}.`);
    if (earliest !== undefined) this.earliest = earliest;
  }
}

/** There is no such change, or none at all, that could be undone. Thrown by `undo`. */
export class NoOperationError extends StoreError {
  constructor(operation: number | undefined) {
    super(
      'NO_OPERATION',
      operation === undefined
        ? 'There is no change that could be undone.'
        : `No change with the number ${operation} is kept.`,
    );
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

function formatIssue(issue: Issue): string {
  if (issue.path.length === 0) return issue.message;
  return `${issue.path.map((part, i) => (typeof part === 'number' ? `[${part}]` : i === 0 ? part : `.${part}`)).join('')}: ${issue.message}`;
}
