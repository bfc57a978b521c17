/**
 * Every error that Leviathan throws on purpose. Catch by class, or by the stable `code` where a class is lost on the way
 * (another process, a serialised log).
 *
 * @module
 */

import { LeviathanError } from './base-error';

export * from './attempt-errors';
export * from './base-error';
export * from './store-errors';

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
