/**
 * Jobs that depend on each other, said without ids: flows, chains, and batches with callbacks.
 *
 * @module
 */
import { newJobId } from './engine/job-id';
import { CycleError, type Issue, ValidationError } from './errors';
import type { ChildJob, ParentPolicy } from './job';
import type { JobHandle } from './job-handle';
import type { JobInput, Processors, ResultFor } from './job-types';
import type { AddOptions } from './store';

/** One job of a flow. */
export type FlowJob<P extends Processors = Processors> = JobInput<P> & {
  /** Names of jobs of the flow that must complete first. Jobs outside of it are named in `options.dependsOn`, by their ids. */
  dependsOn?: readonly string[];
};

/** The names in `dependsOn` are those of the flow. */
export type FlowNames<F> = { [N in keyof F]: { dependsOn?: readonly (keyof F)[] } };

/** The jobs of a flow that was added, by their names. */
export type FlowHandles<P extends Processors, F extends Record<string, { type: string }>> = {
  -readonly [N in keyof F]: JobHandle<ResultFor<P, F[N]['type']>>;
};

/** The handles of a list of jobs. */
export type ListHandles<P extends Processors, J extends readonly { type: string }[]> = {
  -readonly [I in keyof J]: JobHandle<ResultFor<P, J[I]['type']>>;
};

/** Jobs that follow a batch: each runs once at most. One that has nothing to do completes without having run (`skipped`). */
export interface BatchCallbacks<P extends Processors = Processors> {
  /** When all jobs of the batch have completed. */
  onSuccess?: JobInput<P>;
  /** When all have ended, one way or the other. */
  onCompletion?: JobInput<P>;
  /** When all have ended, and one of them failed. `ctx.parents()` tells which. */
  onFailure?: JobInput<P>;
}

/** A batch that was added: its jobs in their order, and the callbacks by their names. */
export type BatchHandles<P extends Processors, J extends readonly { type: string }[], C extends BatchCallbacks<P>> = {
  jobs: ListHandles<P, J>;
} & { -readonly [K in keyof C & keyof BatchCallbacks]: JobHandle<ResultFor<P, TypeOf<C[K]>>> };

type TypeOf<Input> = Input extends { type: infer T extends string } ? T : never;

/** What a callback is, in the terms of jobs that depend on others. */
const POLICIES = {
  onSuccess: 'skip',
  onCompletion: 'continue',
  onFailure: 'only',
} as const satisfies Record<keyof BatchCallbacks, ParentPolicy>;

/** How jobs are added; the paths of faults begin with `[index]`, if there are several. */
export interface Adder {
  /** Epoch milliseconds. */
  now(): number;
  add(jobs: readonly ChildJob[], options: AddOptions | undefined): Promise<JobHandle[]>;
}

/** Jobs with the ids that they get, and what the caller knows them by. */
interface FlowPlan {
  jobs: ChildJob[];
  /** Of those that have none of their own. */
  ids: (string | undefined)[];
  names: (string | number)[];
}

/** See `Queue.addFlow`. */
export async function addFlow(
  adder: Adder,
  flow: Readonly<Record<string, ChildJob & { dependsOn?: readonly unknown[] }>>,
  options: AddOptions | undefined,
): Promise<Record<string, JobHandle>> {
  const entries = Object.entries(flow);
  const names = entries.map(([name]) => name);
  const jobs = entries.map(([, job]) => job);
  const plan = planOf(jobs, names, adder.now());
  const idOf = new Map<unknown, string>(names.map((name, i) => [name, idAt(plan, i)]));
  const issues: Issue[] = [];
  for (const [i, { dependsOn = [] }] of jobs.entries()) {
    for (const [n, parent] of dependsOn.entries()) {
      if (idOf.has(parent)) continue;
      const message = `there is no ${JSON.stringify(parent)} in the flow, which has ${names.join(', ')}`;
      issues.push({ path: [names[i] as string, 'dependsOn', n], message });
    }
    follow(
      plan,
      i,
      dependsOn.map((parent) => idOf.get(parent) ?? ''),
    );
  }
  if (issues.length > 0) throw new ValidationError('The flow', issues);
  const handles = await addPlan(adder, plan, options);
  return Object.fromEntries(names.map((name, i) => [name, handles[i] as JobHandle]));
}

/** See `Queue.addChain`. */
export async function addChain(
  adder: Adder,
  jobs: readonly ChildJob[],
  options: AddOptions | undefined,
): Promise<JobHandle[]> {
  const plan = planOf(jobs, [...jobs.keys()], adder.now());
  for (let i = 1; i < jobs.length; i++) follow(plan, i, [idAt(plan, i - 1)]);
  return addPlan(adder, plan, options);
}

/** See `Queue.addBatch`. */
export async function addBatch(
  adder: Adder,
  jobs: readonly ChildJob[],
  callbacks: Partial<Record<keyof BatchCallbacks, ChildJob>>,
  options: AddOptions | undefined,
): Promise<{ jobs: JobHandle[] }> {
  if (jobs.length === 0) throw new ValidationError('The batch', [{ path: ['jobs'], message: 'must have a job' }]);
  const after = Object.entries(POLICIES).flatMap(([name, policy]) => {
    const job = callbacks[name as keyof BatchCallbacks];
    return job ? [{ name, policy, job }] : [];
  });
  const all = [...jobs, ...after.map(({ job }) => job)];
  const plan = planOf(all, [...jobs.keys(), ...after.map(({ name }) => name)], adder.now());
  const parents = jobs.map((_, i) => idAt(plan, i));
  for (const [n, { policy }] of after.entries()) follow(plan, jobs.length + n, parents, policy);
  const handles = await addPlan(adder, plan, options);
  const named = after.map(({ name }, n) => [name, handles[jobs.length + n]]);
  return { ...Object.fromEntries(named), jobs: handles.slice(0, jobs.length) };
}

/** Adds them, in one call; faults are told by the names that the caller knows. */
async function addPlan(adder: Adder, plan: FlowPlan, options: AddOptions | undefined): Promise<JobHandle[]> {
  if (plan.jobs.length === 0) return [];
  try {
    return await adder.add(plan.jobs, { ...options, ids: plan.ids });
  } catch (error) {
    throw inNames(error, plan);
  }
}

function planOf(jobs: readonly ChildJob[], names: (string | number)[], now: number): FlowPlan {
  const plain = jobs.map(({ type, data, options }): ChildJob => ({ type, data, ...(options && { options }) }));
  return {
    jobs: plain,
    ids: jobs.map(({ options }) => (options?.id === undefined ? newJobId(now) : undefined)),
    names,
  };
}

function idAt({ jobs, ids }: FlowPlan, i: number): string {
  return ids[i] ?? (jobs[i]?.options?.id as string);
}

function follow({ jobs }: FlowPlan, i: number, parents: string[], onParentFailed?: ParentPolicy): void {
  const job = jobs[i];
  if (!job || parents.length === 0) return;
  const dependsOn = [...parents, ...(job.options?.dependsOn ?? [])];
  job.options = { ...job.options, dependsOn, ...(onParentFailed && { onParentFailed }) };
}

function inNames(error: unknown, plan: FlowPlan): unknown {
  const { jobs, names } = plan;
  if (error instanceof CycleError) {
    const nameOf = new Map(names.map((name, i) => [idAt(plan, i), String(name)]));
    return new CycleError(error.cycle.map((id) => nameOf.get(id) ?? id));
  }
  if (!(error instanceof ValidationError)) return error;
  const issues = error.issues.map(({ path: [first, ...rest], message }): Issue => {
    // Of a job alone the place is left out.
    if (jobs.length === 1)
      return { path: [names[0] as string, ...(first === undefined ? [] : [first]), ...rest], message };
    return { path: [typeof first === 'number' ? (names[first] ?? first) : (first as string), ...rest], message };
  });
  return new ValidationError('A job of the flow', issues, { cause: error });
}
