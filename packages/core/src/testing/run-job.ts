/**
 * Running one job for a test.
 *
 * @module
 */
import type { Job, JobError, JobLog, Json } from '../job';
import type { AnyProcessor, InputOf, JobContext, ResultOf } from '../processor';
import type { Queue } from '../queue';
import type { JobStore, Report } from '../store';
import type { DrainOptions } from './drain';
import { TestLeviathan } from './test-leviathan';

/** What may happen to the job. */
export interface RunJobOptions extends DrainOptions {
  /** How often it may fail; once by default, so that the first failure shows. */
  attempts?: number;
  /** What an earlier attempt left behind with `ctx.checkpoint`. */
  checkpoint?: Json;
  /** What an earlier attempt did with `ctx.step`: results by the names of the steps. */
  steps?: Record<string, Json>;
  /** Milliseconds on the fake clock that one attempt may take; the processor's own timeout by default. */
  timeout?: number;
  /** Cancels the job when its first attempt has run for so many milliseconds on the fake clock; 0: as soon as it started. */
  cancelAfter?: number;
  /** What runs the jobs that it adds with `ctx.children`. */
  processors?: readonly AnyProcessor[];
  /** Jobs that it depends on, for `ctx.parents`: what each resulted in, or the message of the error that it failed with. */
  parents?: ({ result: Json } | { error: string })[];
  /** Cancels the job when it aborts, for example from within a server that the handler talks to. */
  signal?: AbortSignal;
}

/** What became of the job. */
export interface JobRun<Result> {
  status: 'completed' | 'failed';
  /** What the handler returned; left out when it failed, or returned nothing. */
  result?: Result;
  /** The failure of the last attempt that failed. */
  error?: JobError;
  /** Every call of `ctx.progress`, in order. */
  progress: { percent: number; detail?: Json }[];
  /** Every line of `ctx.log`, in order. */
  logs: JobLog[];
  /** How many attempts were started. */
  attempts: number;
  /** The job in its last state, for all the rest: checkpoint, reason, earlier errors. */
  job: Job;
}

/**
 * Runs one job through a real store and a real worker, with its schemas, retries and timeouts, on a clock that does not make the test wait.
 *
 * @example
 * ```ts
 * const { status, result, progress } = await runJob(resize, { file: 'a.png', width: 100 });
 * ```
 * @example A handler that must resume where the last attempt stopped:
 * ```ts
 * const { result } = await runJob(download, { url }, { checkpoint: { offset: 4096 } });
 * ```
 * @example A handler that must stop when it is cancelled:
 * ```ts
 * const { job } = await runJob(download, { url }, { cancelAfter: 0 });
 * expect(job.reason).toBe('cancelled');
 * ```
 * @throws ValidationError when the data does not fit the processor's schema; Error when the job does not come to an end.
 */
export async function runJob<P extends AnyProcessor>(
  processor: P,
  data: InputOf<P>,
  options: RunJobOptions = {},
): Promise<JobRun<ResultOf<P>>> {
  const { attempts = 1, checkpoint, steps = {}, timeout, cancelAfter, signal, parents = [], processors = [] } = options;
  const progress: JobRun<unknown>['progress'] = [];
  await using leviathan = new TestLeviathan({ processors: [recording(processor, progress), ...processors] });
  const { clock, store } = leviathan;
  const logs: JobLog[] = [];
  await store.subscribe({ kinds: ['log'] }, (events) => {
    for (const event of events) logs.push(...(event.logs ?? []));
  });

  const queue = leviathan.queue as unknown as Queue;
  const dependsOn = await endedJobs(store, parents);
  const { id } = await queue.add(processor.type, data, {
    ...{ attempts, dependsOn, onParentFailed: 'continue' },
    ...(timeout !== undefined && { timeout }),
  });
  const memories: Partial<Report>[] = Object.entries(steps).map(([name, result]) => ({ step: { name, result } }));
  if (checkpoint !== undefined) memories.push({ checkpoint });
  if (memories.length > 0) await leaveBehind(store, id, memories);

  const cancel = (): void => {
    // Too late is as good: the job ended by itself.
    void queue.cancel([id]);
  };
  if (signal?.aborted) cancel();
  signal?.addEventListener('abort', cancel, { once: true });
  if (cancelAfter !== undefined) {
    let armed = false;
    await store.subscribe({ kinds: ['started'] }, () => {
      if (armed) return;
      armed = true;
      clock.after(cancelAfter, cancel);
    });
  }
  try {
    await leviathan.drain(options);
  } finally {
    signal?.removeEventListener('abort', cancel);
  }
  const job = await leviathan.get(id);
  if (job?.status !== 'completed' && job?.status !== 'failed') throw new Error(`Job ${id} did not end.`);
  const error = job.metadata.errors.at(-1);
  return {
    status: job.status,
    ...(job.result !== undefined && { result: job.result as ResultOf<P> }),
    ...(error && { error }),
    progress,
    logs,
    attempts: job.attempt,
    job,
  };
}

/** An earlier attempt kept this, and was released. */
async function leaveBehind(store: JobStore, id: string, memories: Partial<Report>[]): Promise<void> {
  const [earlier] = await store.claim({ worker: 'earlier attempt', limit: 1, wait: false });
  const attempt = { id, token: earlier?.token ?? '' };
  await store.report(memories.map((memory) => ({ ...memory, ...attempt })));
  await store.settle([{ ...attempt, outcome: 'released' }]);
}

/** Adds jobs that ended so; their ids. */
async function endedJobs(store: JobStore, ends: NonNullable<RunJobOptions['parents']>): Promise<string[]> {
  const ids: string[] = [];
  for (const end of ends) {
    const [added] = await store.add([{ type: 'parent', data: null }]);
    const [claimed] = await store.claim({ worker: 'parents', limit: 1, types: { parent: 1 }, wait: false });
    const attempt = { id: added?.id ?? '', token: claimed?.token ?? '' };
    await store.settle([
      'result' in end
        ? { ...attempt, outcome: 'completed', result: end.result }
        : { ...attempt, outcome: 'failed', reason: 'error', error: { name: 'Error', message: end.error } },
    ]);
    ids.push(attempt.id);
  }
  return ids;
}

/** The same processor, whose every call of `progress` is written down: the store only gets the newest of those in quick succession. */
function recording(processor: AnyProcessor, progress: JobRun<unknown>['progress']): AnyProcessor {
  return {
    ...processor,
    // A handler in a module is imported: a test looks at what it does, not at where.
    module: undefined,
    isolation: undefined,
    run: (ctx: JobContext) =>
      processor.run({
        get job() {
          return ctx.job;
        },
        get input() {
          return ctx.input;
        },
        get attempt() {
          return ctx.attempt;
        },
        get lastCheckpoint() {
          return ctx.lastCheckpoint;
        },
        get signal() {
          return ctx.signal;
        },
        get parents() {
          return ctx.parents;
        },
        get log() {
          return ctx.log;
        },
        get checkpoint() {
          return ctx.checkpoint;
        },
        get step() {
          return ctx.step;
        },
        get children() {
          return ctx.children;
        },
        progress: (percent, detail) => {
          progress.push({ percent, ...(detail !== undefined && { detail }) });
          ctx.progress(percent, detail);
        },
      }),
  };
}
