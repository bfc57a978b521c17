/**
 * The plug-in contract: a processor says which type of job it runs, what goes in, what comes out, and how.
 *
 * @module
 */
import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { Isolation } from './isolation';
import type { BackoffSpec, ChildJob, ChildPolicy, Job, JobOptions, Json, LogLevel } from './job';
import { importHandler } from './module-handler';

/** Milliseconds to wait after `attempt` (from 1) failed with `error`. */
export type BackoffFunction = (attempt: number, error: unknown) => number;

/** What a handler gets. */
export interface JobContext<Input = unknown> {
  /** The job as it was claimed. */
  readonly job: Job;
  /** The job's data, parsed by the processor's input schema. */
  readonly input: Input;
  /** Number of this attempt, from 1. */
  readonly attempt: number;
  /** What an earlier attempt passed to {@link JobContext.checkpoint}, if any. */
  readonly lastCheckpoint: Json | undefined;
  /**
   * Aborts on timeout, cancellation and shutdown; its `reason` is a `TimeoutError`, `CancelledError` or `ShutdownError`. A handler that
   * ignores it loses its claim on the outcome.
   */
  readonly signal: AbortSignal;
  /**
   * The jobs that it depends on, in the order of `dependsOn`, with their results. They are in the store at least until this one has ended,
   * unless somebody removes them: `null`.
   */
  parents(): Promise<(Job | null)[]>;
  /** Percent done, 0 to 100, and anything worth showing beside it. Cheap: call it as often as you like. */
  progress(percent: number, detail?: Json): void;
  /** Adds a line to the job's log. */
  log(message: string, options?: { level?: LogLevel; fields?: Json }): void;
  /** Keeps `data` for the next attempt; resolves once it is durable. */
  checkpoint(data: Json): Promise<void>;
  /**
   * Does a part of the work once: `run` is called unless an earlier attempt did this step, and its result, as JSON, is kept for all later
   * attempts, whatever ended this one. Resolves once that is as durable as an added job, with the result as JSON makes it (a `Date` is a
   * text, in this attempt as in the next). Steps may run side by side. One that throws is not kept; one does not begin once `signal` aborted.
   *
   * @param name 1 to 128 characters, the only one of this name in the attempt.
   * @throws What `run` throws; the reason of `signal`; DuplicateStepError; ValidationError when the result is not JSON; JobTooLargeError;
   *   JobStateError when the attempt is over, or no longer the job's.
   */
  step<T>(name: string, run: () => Promise<T> | T): Promise<T>;
  /**
   * Adds jobs, and gives them back when they have ended, in their order, with their results; `null` for one that was removed. The first
   * time it ends this attempt: the job goes back to pending, in one commit with its new children, holds no slot meanwhile, and the attempt is
   * not counted. Once the children have ended the job runs again, from the start of its handler, and the same call resolves. So put what
   * must not be done twice into {@link JobContext.step}.
   *
   * The children are jobs like others, with `parent` set; cancelling this job leaves them alone. Jobs of types that this worker does not run
   * are not checked. No jobs are no reason to wait: the call resolves with none.
   *
   * @param name 1 to 128 characters, the only one of this name in the attempt; `jobs` counts the first time only.
   * @param options `onChildFailed`: when a child fails for good, this job waits until somebody retries it (`wait`, the default), fails with
   *   reason `dependency` (`fail`), or goes on as if it had completed (`continue`) and sees how it ended.
   * @throws WaitingError to end the handler: let it pass. The reason of `signal`; DuplicateStepError; ValidationError; JobStateError when the
   *   attempt is over. Where the store cannot add the jobs, for example because they would wait for this one, the job fails.
   */
  children(name: string, jobs: readonly ChildJob[], options?: { onChildFailed?: ChildPolicy }): Promise<(Job | null)[]>;
}

/** Does the work of one attempt: what `run` of a processor is, or what its module exports. */
export type JobHandler<Input = unknown, Result = unknown> = (ctx: JobContext<Input>) => Promise<Result> | Result;

/** A processor: made by {@link defineProcessor}. */
export interface Processor<
  Type extends string = string,
  In extends StandardSchemaV1 = StandardSchemaV1,
  Result = unknown,
> {
  readonly type: Type;
  /** One sentence for people. */
  readonly description?: string;
  /** Checks and parses a job's data, when it is added and again before it runs. */
  readonly input: In;
  /** Checks and parses what `run` returns; an invalid result fails the job without a retry. */
  readonly output?: StandardSchemaV1<unknown, Result>;
  /**
   * JSON Schema (2020-12) of data and result, for forms and other programs, where the schema library cannot tell it: zod and arktype can,
   * by `~standard.jsonSchema`. What stands here wins.
   */
  readonly jsonSchema?: { readonly input?: Json; readonly output?: Json };
  /** Options of jobs of this type, where the producer gives none. */
  readonly defaults?: Pick<
    JobOptions,
    | 'priority'
    | 'attempts'
    | 'maxCrashes'
    | 'timeout'
    | 'retryFor'
    | 'ttl'
    | 'ageing'
    | 'deadLetter'
    | 'onCrash'
    | 'needs'
    | 'tags'
    | 'unique'
  > & {
    backoff?: BackoffSpec | BackoffFunction;
  };
  /** Jobs of this type that one worker runs at once; the worker's concurrency by default. */
  readonly concurrency?: number;
  /** The module that exports the handler, which then runs in a worker of its own; see {@link ModuleProcessor}. */
  readonly module?: URL | string;
  /** Which of the module's exports is the handler; `default` by default. */
  readonly handler?: string;
  /** How the module's handler is kept apart from the program, and what it may use. */
  readonly isolation?: Isolation;
  /** The handler: does the work of one attempt. What it throws fails the attempt; see `UnrecoverableError`, `RetryAtError` and `SnoozeError`. */
  run(ctx: JobContext<StandardSchemaV1.InferOutput<In>>): Promise<Result> | Result;
}

/** A processor of any type, data and result: `run` is a method, so its parameter does not stand in the way. */
export type AnyProcessor = Processor<string, StandardSchemaV1, unknown>;

/** What a producer passes as data for this processor. */
export type InputOf<P> = P extends Processor<string, infer In, unknown> ? StandardSchemaV1.InferInput<In> : never;

/** What a job of this processor results in. */
export type ResultOf<P> = P extends AnyProcessor ? Awaited<ReturnType<P['run']>> : never;

/**
 * Defines a processor; types of data and result come from the schemas (any Standard Schema library: zod, valibot, arktype).
 *
 * @example
 * ```ts
 * const resize = defineProcessor({
 *   type: 'resize',
 *   input: z.object({ file: z.string(), width: z.number().int().positive() }),
 *   run: async ({ input, progress }) => {
 *     progress(50);
 *     return { bytes: await resizeImage(input.file, input.width) };
 *   },
 * });
 * ```
 * @example A handler that runs in a child process with 256 MB, by the service of the package worker-pool:
 * ```ts
 * const resize = defineProcessor({
 *   type: 'resize',
 *   input: z.object({ file: z.string(), width: z.number().int().positive() }),
 *   module: new URL('./resize.job.js', import.meta.url),
 *   isolation: { memory: 256 },
 * });
 * ```
 */
export function defineProcessor<const Type extends string, In extends StandardSchemaV1, Out extends StandardSchemaV1>(
  processor: ProcessorWithOutput<Type, In, Out>,
): Processor<Type, In, StandardSchemaV1.InferOutput<Out>>;
export function defineProcessor<
  const Type extends string,
  In extends StandardSchemaV1,
  Out extends StandardSchemaV1 = StandardSchemaV1,
>(processor: ModuleProcessor<Type, In, Out>): Processor<Type, In, StandardSchemaV1.InferOutput<Out>>;
export function defineProcessor<const Type extends string, In extends StandardSchemaV1, Result>(
  processor: Processor<Type, In, Result> & { readonly output?: undefined },
): Processor<Type, In, Result>;
export function defineProcessor(processor: AnyProcessor | ModuleProcessor): AnyProcessor {
  const { run, module, handler } = processor;
  if (run !== undefined || module === undefined) return processor as AnyProcessor;
  return { ...processor, run: async (ctx) => (await importHandler(module, handler))(ctx as never) };
}

/** A processor whose result has a schema: `run` returns what goes into it, the job's result is what comes out. */
export interface ProcessorWithOutput<Type extends string, In extends StandardSchemaV1, Out extends StandardSchemaV1>
  extends Omit<Processor<Type, In>, 'output' | 'run'> {
  readonly output: Out;
  /** As {@link Processor.run}. */
  run(
    ctx: JobContext<StandardSchemaV1.InferOutput<In>>,
  ): Promise<StandardSchemaV1.InferInput<Out>> | StandardSchemaV1.InferInput<Out>;
}

/** A processor whose handler is in a module, and runs in a thread or a process of its own. */
export interface ModuleProcessor<
  Type extends string = string,
  In extends StandardSchemaV1 = StandardSchemaV1,
  Out extends StandardSchemaV1 = StandardSchemaV1,
> extends Omit<Processor<Type, In>, 'output' | 'run' | 'module'> {
  /** Its URL: `new URL('./resize.job.js', import.meta.url)`, or what `import.meta.resolve` gives. */
  readonly module: URL | string;
  readonly output?: Out;
  readonly run?: undefined;
}
