/**
 * Handlers that run elsewhere: in a thread or a process of their own.
 *
 * @module
 */
import { type Issue, ValidationError } from './errors';
import { ISOLATION_KINDS } from './isolation';
import type { AnyProcessor, JobContext } from './processor';

/** {@link Isolation.killAfter}, unless given. */
export const KILL_AFTER_MS = 5_000;

/** Runs the handlers of processors that name a module; what `WorkerPoolService` of `@leviathan/worker-pool` gives its program. */
export interface ModuleRunner {
  /**
   * How many jobs of the processor it can run at once. Asked once, before any is run.
   * @throws ValidationError when it cannot keep them apart in the way that the processor asks for.
   */
  capacity(processor: AnyProcessor): number;
  /**
   * Runs one attempt. What the handler returns or throws comes back; its worker's end rejects with a `WorkerCrashError` or another error of
   * its kind, or with an `InterruptedError` when the job is not to blame. After the signal aborted it settles within the grace.
   *
   * @param onPlaced The attempt has got its worker: from now on its time counts.
   */
  run(processor: AnyProcessor, context: JobContext<never>, onPlaced: () => void): Promise<unknown>;
}

/**
 * The longest time (ms) between the abort of a signal and the end of its handler: its own grace, and another one for the jobs that share
 * its worker. 0 for handlers that run in the program itself, which nobody can end.
 */
export function killTime({ module, isolation }: AnyProcessor): number {
  return module === undefined ? 0 : 2 * (isolation?.killAfter ?? KILL_AFTER_MS);
}

/** @throws ValidationError when a processor names a module and nothing runs modules. */
export function assertRunnable(processors: Iterable<AnyProcessor>, modules: ModuleRunner | undefined): void {
  if (modules) return;
  const lost = [...processors].filter(({ module }) => module !== undefined).map(({ type }) => type);
  if (lost.length === 0) return;
  const message = 'names a module, and no service runs modules: add new WorkerPoolService() of @leviathan/worker-pool';
  throw new ValidationError(
    'The worker',
    lost.map((type) => ({ path: ['processors', type], message })),
  );
}

/** What is wrong with a processor's module and isolation. */
export function isolationFaults({ module, handler, isolation }: Partial<AnyProcessor>): Issue[] {
  const issues: Issue[] = [];
  const need = (holds: boolean, path: string[], message: string): void => {
    if (!holds) issues.push({ path, message });
  };
  if (module === undefined) {
    need(isolation === undefined, ['isolation'], 'needs a `module`: a function cannot be sent to a worker');
    return issues;
  }
  const isText = typeof module === 'string';
  need(
    isText ? URL.canParse(module) : module instanceof URL,
    ['module'],
    'must be a URL: new URL("./job.js", import.meta.url), or what import.meta.resolve gives',
  );
  need(handler === undefined || typeof handler === 'string', ['handler'], 'must be the name of an export');
  const {
    kind = 'process',
    memory,
    cpuTime,
    nice = 0,
    killAfter = 0,
    jobsPerWorker = 1,
    recycle = {},
  } = isolation ?? {};
  const at = (field: string): string[] => ['isolation', field];
  need(ISOLATION_KINDS.includes(kind), at('kind'), `must be one of ${ISOLATION_KINDS.join(', ')}`);
  need(memory === undefined || memory >= 8, at('memory'), 'must be MB, 8 or more');
  need(cpuTime === undefined || cpuTime > 0, at('cpuTime'), 'must be milliseconds, more than 0');
  need(Number.isInteger(nice) && nice >= 0 && nice <= 19, at('nice'), 'must be an integer from 0 to 19');
  need(killAfter >= 0, at('killAfter'), 'must be milliseconds, 0 or more');
  need(isCount(jobsPerWorker), at('jobsPerWorker'), 'must be an integer of 1 or more');
  need(
    cpuTime === undefined || jobsPerWorker === 1,
    at('cpuTime'),
    'cannot be told apart with `jobsPerWorker` above 1',
  );
  need(
    recycle.jobs === undefined || isCount(recycle.jobs),
    ['isolation', 'recycle', 'jobs'],
    'must be an integer of 1 or more',
  );
  need(
    recycle.memory === undefined || recycle.memory > 0,
    ['isolation', 'recycle', 'memory'],
    'must be MB, more than 0',
  );
  return issues;
}

function isCount(value: number): boolean {
  return Number.isInteger(value) && value >= 1;
}
