/**
 * Code around the four steps of a job: it is added, claimed, run and settled.
 *
 * Middleware forms an onion: the first of a list is the outermost. Each layer gets what the step works on and `next`, which goes on to the
 * layer below, the step itself being the core. A layer may pass on something else, look at the outcome, or stop the step.
 *
 * @module
 */
import { MiddlewareError, type MiddlewareStep } from '../errors';
import type { JobSpec } from '../job';
import type { JobContext } from '../processor';
import type { AddResult, ClaimedJob, ClaimRequest, Settlement, SettleResult } from '../store';

/** Goes on to the next layer, with what this layer got unless another value is passed. May be called once. */
export type Next<In, Out> = (input?: In) => Promise<Out>;

/** One layer of an onion: gets what the step works on, and resolves with its outcome. */
export type Layer<In, Out> = (input: In, next: Next<In, Out>) => Promise<Out> | Out;

/** Code around the steps of jobs; each function is optional, and costs nothing where it is left out. */
export interface Middleware {
  /** Named in messages; the plugin's name, for the middleware of one. */
  readonly name?: string;
  /**
   * Around each call that adds jobs from this program: one call, all its jobs, checked and with their defaults. May change them (they are
   * checked again), but not their number, or answer itself without `next`.
   *
   * What it throws before the jobs are in the store rejects the call: nothing was added. What it throws later is reported as `error` of the
   * queue, and the call resolves as if it had not.
   *
   * Also around each call of `ctx.children` that asks for jobs, in the program that runs the handler. They are added with the outcome of the
   * attempt: `next` answers before, with the ids that they will have, and what a layer throws rejects the call at any time.
   */
  enqueue?(specs: JobSpec[], next: Next<JobSpec[], AddResult[]>): Promise<AddResult[]> | AddResult[];
  /**
   * Around each call of this worker that asks for jobs. May wait first (until `signal` aborts), ask for fewer, or give jobs back by leaving
   * them out of what it returns: the worker asks again after a pause then.
   *
   * The signal serves many calls: a layer that listens to it must stop to when it returns.
   *
   * What it throws is reported as `error` of the worker. Before the store was asked, the worker tries again later; jobs that were claimed run.
   */
  claim?(
    request: ClaimRequest,
    next: Next<ClaimRequest, ClaimedJob[]>,
    signal: AbortSignal,
  ): Promise<ClaimedJob[]> | ClaimedJob[];
  /** Around each handler, after its input was checked and before its result is. What it throws fails the attempt, as if the handler had. */
  run?(ctx: JobContext, next: Next<JobContext, unknown>): Promise<unknown> | unknown;
  /**
   * Around the outcome of each attempt, before it goes to the store. May change it, but not whose it is.
   *
   * An outcome is never lost: if it throws, returns or takes longer than three seconds without having called `next`, or passes on what the
   * store does not take, the outcome is settled as it was, and the fault is reported as `error` of the worker.
   */
  settle?(settlement: Settlement, next: Next<Settlement, SettleResult>): Promise<SettleResult> | SettleResult;
}

/** The steps around which middleware can stand. */
export const MIDDLEWARE_STEPS = ['enqueue', 'claim', 'run', 'settle'] as const satisfies readonly MiddlewareStep[];

/** A layer of one step, with the name of its middleware. */
export interface NamedLayer<S extends MiddlewareStep> {
  readonly name: string;
  readonly call: NonNullable<Middleware[S]>;
}

/** The layers around one step, the outermost first; `undefined` when there is none, so that nothing is put around it. */
export function layersOf<S extends MiddlewareStep>(
  middleware: readonly Middleware[] | undefined,
  step: S,
): NamedLayer<S>[] | undefined {
  const layers = (middleware ?? []).flatMap((each) => {
    const call = each[step];
    // Bound: it may be the method of an object.
    return call ? [{ name: each.name ?? 'a middleware', call: call.bind(each) as NonNullable<Middleware[S]> }] : [];
  });
  return layers.length > 0 ? layers : undefined;
}

/** Filled in with the name of the layer in which an error began. */
export interface Blame {
  name?: string;
}

/**
 * Puts layers around a core, the first one outermost.
 * @returns a function that rejects with whatever a layer or the core throws, and with a MiddlewareError where a layer calls `next` twice
 */
export function onion<In, Out>(
  step: MiddlewareStep,
  layers: readonly { name: string; call: Layer<In, Out> }[],
  core: (input: In) => Promise<Out>,
): (input: In, blame?: Blame) => Promise<Out> {
  return layers.reduceRight<(input: In, blame?: Blame) => Promise<Out>>(
    (below, { name, call }) =>
      async (input, blame) => {
        let isCalled = false;
        const next: Next<In, Out> = (passed = input) => {
          const outcome = isCalled
            ? Promise.reject(new MiddlewareError(step, `${name} called next() twice; the second call did nothing.`))
            : below(passed, blame);
          isCalled = true;
          // Who awaits it hears of a failure; a layer that does not must not bring the process down by an unhandled rejection.
          outcome.catch(() => {});
          return outcome;
        };
        try {
          return await call(input, next);
        } catch (error) {
          if (blame) blame.name ??= name;
          throw error;
        }
      },
    core,
  );
}

/** What a layer threw, for whoever can only be told of it. */
export function faultIn(step: MiddlewareStep, { name }: Blame, cause: unknown): MiddlewareError {
  if (cause instanceof MiddlewareError) return cause;
  const message = cause instanceof Error ? cause.message : String(cause);
  return new MiddlewareError(step, name === undefined ? message : `${name} failed: ${message}`, { cause });
}
